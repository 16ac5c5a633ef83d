"""Programs built on the API."""
