"""Faces drawn on the spot, with every label known."""
