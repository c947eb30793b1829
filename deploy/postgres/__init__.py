"""One schema and two roles a service, and nothing of the other services."""
