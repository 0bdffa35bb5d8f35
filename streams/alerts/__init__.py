"""What is raised: the alert's record, its life from pending to resolved, and where readers find it."""
