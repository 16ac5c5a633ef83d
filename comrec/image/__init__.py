"""Reads, writes, resamples, cuts and compares pictures."""
