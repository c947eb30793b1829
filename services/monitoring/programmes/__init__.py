"""What monitoring keeps of each programme: its definitions by version."""
