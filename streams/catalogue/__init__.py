"""Which brand is a text about? Asked before the topics: every event on them has its brand."""
