"""Tools of developers and operators: the embedded stack, the demo, the audit and the `ieum` command; imports no service."""
