"""What the data and the scheme must be."""
