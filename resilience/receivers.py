"""What resilience does on news from below; filled by what listens."""
