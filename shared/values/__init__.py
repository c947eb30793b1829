"""Exact values: won, business dates, business numbers, municipalities."""
