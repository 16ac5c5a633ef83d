"""Decides about one picture: options, coding modes, rate control, and the report."""
