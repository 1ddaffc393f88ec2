"""Tests of the filters of templates."""
