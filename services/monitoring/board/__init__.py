"""The board: web pages that show the projections."""
