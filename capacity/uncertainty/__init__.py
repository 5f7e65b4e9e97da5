"""How uncertain durations are, what pushes a step, and the samples that follow: the parts of `capacity.risk`."""
