"""What every implementation of a port promises: in memory and on the real server alike."""
