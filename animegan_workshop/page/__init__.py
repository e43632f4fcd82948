"""A generator as one HTML file: what `python -m animegan_helpers page` writes."""
