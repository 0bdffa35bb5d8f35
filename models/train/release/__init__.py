"""What is shipped: from a trained network to a calibrated and measured model folder with its manifest."""
