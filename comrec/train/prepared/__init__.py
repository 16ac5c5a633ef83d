"""Makes training samples for RecCNN once, and keeps them on disk in shards."""
