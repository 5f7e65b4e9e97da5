"""Replanning a plan that is under way: what is done, what no longer holds, and new dates for that alone."""
