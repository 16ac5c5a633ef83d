"""What stands behind `comrec COMMAND`, a module each: `comrec.cli.main` lists them.

A module has `add`, which says what may be typed after the command, and `run`, which has
it done and shown, and returns the exit status. All are loaded to answer any command, so
what does the work is imported in `run`.
"""
