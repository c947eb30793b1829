"""Messages and how each of them fared."""
