"""Packs JPEGs without loss for storage, and unpacks them to the byte."""
