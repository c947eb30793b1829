"""Funding terms of each version of a programme."""
