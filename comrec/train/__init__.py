"""Training of the networks. Importing a module in here loads Keras."""
