"""Suspended and closed companies: they are paid nothing."""
