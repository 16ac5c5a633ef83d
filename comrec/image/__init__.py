"""Pictures: reading, writing, metadata, resampling, windows, metrics."""
