"""Messages and the outcome of each."""
