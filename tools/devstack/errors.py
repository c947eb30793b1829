"""Errors that stop the embedded stack, with messages for the terminal."""


class StackError(Exception):
    """The stack cannot go on; the message gives the cause and the remedy in Korean and English."""


class UnreachableError(StackError):
    """A server on the network did not answer; the local files are intact."""
