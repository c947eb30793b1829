"""Instructing the treasury, and what it answers."""
