"""When each group may move, with what, and in which steps: the parts of dating around `waves`."""
