"""What `placement` puts together: devices and hosts as items, positions as bins, and what the unplaced lack."""
