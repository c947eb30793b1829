"""What stops the embedded stack, in words for the person at the terminal."""


class StackError(Exception):
    """The stack cannot go on; the message says why and what to do, in Korean and English."""


class UnreachableError(StackError):
    """A server on the network did not answer: nothing is wrong with what we have."""
