"""The demo: the source documents' programmes, the scenario that is played, and the check of every figure."""
