"""Companies (기업): their registration, and whether each is open, suspended or closed."""
