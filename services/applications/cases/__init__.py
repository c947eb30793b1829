"""Cases (과제): one company in one round, from its application to the screening."""
