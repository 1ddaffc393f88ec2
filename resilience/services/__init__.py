"""One verb each: what evaluates the posture, keeps plans, sheds work and answers the tools."""
