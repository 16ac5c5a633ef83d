"""What all training runs share: configuration checks, checkpoints, log, progress."""
