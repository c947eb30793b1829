"""The inboxes of the embedded stack: a mail server and an SMS gateway that store and show the messages they receive."""
