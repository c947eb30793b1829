"""What a company is told, in Korean and English, as e-mail and as SMS."""
