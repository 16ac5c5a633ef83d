"""Configs of training runs; `comrec.train.run.config` finds them by name."""
