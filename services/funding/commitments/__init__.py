"""What is bound to a case, and the company's own share of it."""
