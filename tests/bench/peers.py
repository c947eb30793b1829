"""Peers are optional: where one cannot be had, its figures say so, and the bench goes on."""


class PeerMissing(Exception):
    """The peer cannot be had here; the message says why, in a line that may stand in a document."""
