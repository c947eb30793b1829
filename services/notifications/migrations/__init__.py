"""The history of the schema `notifications`."""
