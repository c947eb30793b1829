"""Which businesses are suspended or closed: they are paid nothing."""
