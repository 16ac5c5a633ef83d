"""Reads, writes and names the pair on disk: a .jpg and its sidecar."""
