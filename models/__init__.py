"""Texts in, probabilities out: labels, the normal form, the model that runs, and its training. Imports nothing else."""
