"""Codes pictures with autoencoders, whose latent values are entropy-coded in a file."""
