"""Peers are optional: without one its figures report why, and the benchmarks go on."""


class PeerMissing(Exception):
    """Raised if a peer is not available; the message is one line, fit for the report."""
