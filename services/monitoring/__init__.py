"""Two parts: what follows up on cases (milestones, mentors, pledges), and what the board reads (projections, figures, board).

The first keeps what it decides and locks; cases and definitions it reads where the second keeps them.
"""
