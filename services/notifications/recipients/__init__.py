"""Recipients: a company's e-mail address, mobile number and language; the only personal data of the system."""
