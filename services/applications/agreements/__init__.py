"""Agreements (협약): what is agreed with a company that holds a place, and giving it up."""
