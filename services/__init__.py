"""The four services; they know each other only by their events."""
