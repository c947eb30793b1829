"""What pages are made of: views that the service fills, and pure functions that word and draw them."""
