"""Fixtures for every test; real servers start once a run and always stop."""
