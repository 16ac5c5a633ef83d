"""Trains networks, and makes presets of them. Most modules load Keras."""
