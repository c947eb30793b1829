"""Agreements (협약) with companies that hold an award, and abandonment (포기)."""
