"""Faces as arrays: a folder, a zip or the drawn set, packed on disk."""
