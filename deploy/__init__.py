"""How Ieum is run: the `ieum` command, the embedded stack, the demo, containers."""
