"""What command lines have in common: flags, and how they begin and end."""
