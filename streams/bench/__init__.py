"""Benchmarks against peers: the same topic and bytes for all, results checked before they count."""
