"""Delivery reports: a provider's later word on whether an accepted message arrived."""
