"""Reads that several doors share: one module per page or topic."""
