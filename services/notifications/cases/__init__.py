"""What a message must know of a case: whose it is, in which programme, and what things are called."""
