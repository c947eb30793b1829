"""Mentors of cases: assignments by weeks, and visits."""
