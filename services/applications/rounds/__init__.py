"""Rounds (공고): calls for applications of a programme, with a window and a quota."""
