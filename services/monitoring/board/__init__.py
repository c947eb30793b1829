"""The board: pages that show what the projections hold."""
