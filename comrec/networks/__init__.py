"""Runs ComCNN and RecCNN: presets, weights, engines, tiling, and the codec."""

import os

# onnxruntime reads it as it is loaded, and else writes files below ~/.cache.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
