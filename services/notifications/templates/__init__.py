"""Message templates, in Korean and English, for e-mail and SMS."""
