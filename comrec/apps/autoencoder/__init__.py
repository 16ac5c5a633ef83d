"""Autoencoder codecs: a network turns a picture into a few numbers, kept in a file."""
