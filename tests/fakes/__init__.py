"""Fakes for the parts that a test is not about."""
