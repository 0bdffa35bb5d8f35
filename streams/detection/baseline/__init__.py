"""What is usual for a brand, and how rare a count is against it."""
