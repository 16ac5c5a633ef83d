"""Handles the machine: cores, memory, files, Pillow, and runs over many pictures."""
