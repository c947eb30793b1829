"""Double entry: where every won is, and how it came there."""
