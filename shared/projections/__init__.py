"""Projections: folds of events into tables, kept up to date by a projector and rebuilt from the topics."""
