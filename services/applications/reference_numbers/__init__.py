"""Reference numbers (접수번호) of applications: readable, with check digits, each issued once."""
