"""Reviews (심사): scores by reviewer, and conflicts of interest."""
