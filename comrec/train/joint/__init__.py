"""Trains a pair of the comrec family end to end, through a differentiable JPEG."""
