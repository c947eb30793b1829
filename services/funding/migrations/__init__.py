"""The history of the schema `funding`."""
