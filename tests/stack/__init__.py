"""What only several servers show: the launcher, the whole stack, the way of a page."""
