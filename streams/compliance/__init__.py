"""What may not be said: rule packs as data, and the machinery that finds where a text breaks them."""
