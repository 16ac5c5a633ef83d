"""The inner codec: JPEG settings, quantisation tables, colour, coding, segments."""
