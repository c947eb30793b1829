"""Cases as messages need them: company, programme, and the names of tracks, milestones and tranches."""
