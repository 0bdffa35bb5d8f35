"""What only a real broker shows: assignment, seeks, generations, restarts."""
