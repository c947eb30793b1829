"""Pure functions from figure inputs and rows to views: the content of each page, testable without a database."""
