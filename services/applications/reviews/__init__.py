"""Reviews (심사): what each reviewer scored, and conflicts of interest."""
