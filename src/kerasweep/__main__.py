"""Run the command as ``python -m kerasweep``."""

import sys

from kerasweep.cli import main

if __name__ == "__main__":
    sys.exit(main())
