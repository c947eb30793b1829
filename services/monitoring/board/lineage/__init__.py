"""Lineage: from a figure back to the events that it was computed from."""
