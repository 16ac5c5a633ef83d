"""Weights of the presets; `comrec.weights` reads them."""
