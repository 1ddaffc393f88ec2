"""Pages of resilience and incidents."""
