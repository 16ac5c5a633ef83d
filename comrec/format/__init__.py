"""The pair on disk: sidecar, container, names, provenance."""
