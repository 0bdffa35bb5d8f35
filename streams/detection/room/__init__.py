"""The detectors of a live room, over what is done in it (room.py puts them together)."""
