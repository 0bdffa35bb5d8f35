"""The demo's live screen: rooms, brands, alerts, lag and addresses in a terminal, or as lines in a pipe."""
