"""Selection (선정): the ranking of a round, and the selections of the ministry."""
