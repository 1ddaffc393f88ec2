"""REST of resilience: the tools, posture, breaker, plans and shedding, incidents with approvals and documents."""
