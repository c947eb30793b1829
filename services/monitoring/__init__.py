"""Watches what was agreed: milestones, mentors, pledges; and shows every figure on the board."""
