"""Holds one module for each `comrec COMMAND`; `comrec.cli.main` lists the modules.

`add` adds the arguments of the command to a parser; `run` runs the command, prints the
results and returns the exit status. Every command loads all modules, so `run` imports
the code that does the work.
"""
