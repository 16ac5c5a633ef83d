"""Makes presets of trained networks: weights, exports, model cards, table rows."""
