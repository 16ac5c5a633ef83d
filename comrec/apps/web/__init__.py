"""Makes galleries and exports networks for browsers."""
