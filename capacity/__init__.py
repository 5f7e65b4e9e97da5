"""What fits where, and when: from the Estate and the Facility to a proven Plan."""
