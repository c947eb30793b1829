"""Milestones of cases: scheduled from the programme's definition, reported, achieved or missed."""
