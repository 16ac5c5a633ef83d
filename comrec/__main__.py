"""`python -m comrec` is the command line."""

import sys

from comrec.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
