"""What only a real Redis shows: what the stages stored, read back."""
