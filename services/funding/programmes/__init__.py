"""What funding needs of each version of a programme."""
