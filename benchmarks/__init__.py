"""How fast and how good, measured: not part of what is installed, and run by `make bench`."""
