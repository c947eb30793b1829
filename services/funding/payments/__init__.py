"""Payments: instructions to the treasury, and the results it reports."""
