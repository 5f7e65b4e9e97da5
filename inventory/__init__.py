"""What exists: sources, one database, and the read-only Estate taken from it."""
