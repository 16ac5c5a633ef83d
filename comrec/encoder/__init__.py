"""The encoder's decisions: options, coding modes, rate control, and the report."""
