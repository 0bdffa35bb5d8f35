"""Pulsewatch's stages: events in, counters, scores and alerts out. Each folder is one step or one record."""
