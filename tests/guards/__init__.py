"""The database's guards, each removed in turn: tests that do not fail then would not notice its loss."""
