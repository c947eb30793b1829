"""Where a company is told: its address, its number and its language. Personal data stands here only."""
