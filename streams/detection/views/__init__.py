"""What detection keeps for screens alone: written with the batch, read by no detector."""
