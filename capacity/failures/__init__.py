"""What can be lost, what stands where at a moment, and what a loss does to power, cooling, hosts, lines and users."""
