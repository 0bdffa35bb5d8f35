"""What people decide and change: decisions on alerts, campaigns, the catalogue."""
