"""`python -m benchmarks.reassignment DIR`."""

import sys

from benchmarks.reassignment.command import main

sys.exit(main(sys.argv[1:]))
