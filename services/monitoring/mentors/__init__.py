"""Mentors: who works with a company for how many weeks, and each visit."""
