"""Guards are removed one at a time, and tests must go red: `python -m tests.sabotage`."""
