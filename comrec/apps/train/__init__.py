"""Trains pairs of networks, and makes presets of their runs: `comrec train`."""
