"""Tables I and II of Jiang et al. 2017, part by part; see `reproduce_tables.py`."""
