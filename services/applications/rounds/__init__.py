"""Rounds (공고): a call of a programme in a year, with its window and places."""
