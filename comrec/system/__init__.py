"""The machine: cores, memory, files, Pillow, and running many pictures."""
