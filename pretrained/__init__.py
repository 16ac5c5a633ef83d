"""Weights of the presets; `comrec.networks.weights` reads them."""
