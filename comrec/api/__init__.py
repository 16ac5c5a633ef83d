"""Defines the public functions `compress` and `decompress`, one module each."""
