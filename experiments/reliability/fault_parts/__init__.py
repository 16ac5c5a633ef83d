"""Holds the folder and the runs of `faults.py`."""
