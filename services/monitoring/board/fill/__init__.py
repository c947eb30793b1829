"""Facts and rows to views: pure functions, so that what a page shows can be read here without a database."""
