"""Generators, discriminators, and their training."""
