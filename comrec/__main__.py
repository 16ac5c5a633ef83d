"""Runs the command line as `python -m comrec`."""

import sys

from comrec.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
