"""Holds the parts of every training run: config checks, checkpoints, log, progress."""
