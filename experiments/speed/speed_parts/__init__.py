"""Holds the tasks that `speed.py` times, its reference convolution and its report."""
