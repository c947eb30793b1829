"""Cases as the parts that follow up see them: read from the live read models, never stored a second time."""
