"""Budget allocations, and spending from before this system."""
