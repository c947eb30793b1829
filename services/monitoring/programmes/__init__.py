"""Copies of programme definitions by version."""
