"""PostgreSQL: one engine per service, the one place that begins and commits transactions, and migrations."""
