"""Trains ComCNN and RecCNN in turn, as in the paper."""
