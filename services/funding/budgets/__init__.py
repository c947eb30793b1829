"""What funders allocate, and what was spent before this system."""
