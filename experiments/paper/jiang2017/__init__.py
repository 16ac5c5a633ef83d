"""Holds the parts of `reproduce_tables.py`: methods, protocols, tables, figure."""
