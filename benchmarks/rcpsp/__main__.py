"""`python -m benchmarks.rcpsp DIR`."""

import sys

from benchmarks.rcpsp.command import main

sys.exit(main(sys.argv[1:]))
