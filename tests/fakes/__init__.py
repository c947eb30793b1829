"""Stand-ins for parts that a test is not about."""
