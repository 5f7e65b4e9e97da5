"""How a plan hangs on single limits: what a little more of one would bring, and what may be taken away from another."""
