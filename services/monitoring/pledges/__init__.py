"""Pledges (공약): the progress that the responsible office states."""
