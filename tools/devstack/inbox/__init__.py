"""The inboxes of the embedded stack: a mail server and an SMS gateway that keep what they get and show it."""
