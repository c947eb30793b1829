"""Views of the pages, and the pure functions that format and render them."""
