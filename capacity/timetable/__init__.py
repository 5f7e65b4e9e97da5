"""When each group may move, with what, and in which steps: the parts that `waves` and `retirements` put together."""
