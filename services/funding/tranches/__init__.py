"""Tranches of the grant, from the schedule to the approval."""
