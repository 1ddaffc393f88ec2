"""What a swap is, what it changes in a roster and who must agree to it, without any framework."""
