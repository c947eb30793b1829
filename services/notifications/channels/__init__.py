"""Channels: one adapter a provider, and the outcomes they report."""
