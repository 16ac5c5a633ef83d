"""Runs ComCNN and RecCNN: presets, weights, engines, tiling, and the codec."""
