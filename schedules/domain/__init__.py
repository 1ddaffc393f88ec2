"""The pure core: what a schedule is and what makes it legal. No Django, no OR-Tools."""
