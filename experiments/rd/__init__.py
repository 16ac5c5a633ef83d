"""Rows of rate and distortion, what they sum up to, and the figure of them."""
