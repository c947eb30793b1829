"""What every room of monitoring needs of a case: whose it is, and since when it is agreed."""
