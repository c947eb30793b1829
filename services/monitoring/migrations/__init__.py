"""The history of this service's schema."""
