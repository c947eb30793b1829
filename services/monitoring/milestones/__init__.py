"""Milestones of each case: scheduled from the programme's template, reported, achieved or missed."""
