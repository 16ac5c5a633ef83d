"""Reads the structure of picture files, and lets one library decode the pixels."""
