"""Moving what runs: the moves that empty cloud hosts or even them out, in an order that keeps every promise."""
