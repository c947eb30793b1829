"""From a figure back to the events that make it: every key that a page shows has its rule here."""
