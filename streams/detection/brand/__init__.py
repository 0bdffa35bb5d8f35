"""The detectors of a brand, over what is said of it (brand.py puts them together)."""
