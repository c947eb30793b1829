"""The demo: the source documents' programmes, the story that is played, and the check of every figure."""
