"""Codes JPEG files: settings, quantisation tables, colour, coding, segments."""
