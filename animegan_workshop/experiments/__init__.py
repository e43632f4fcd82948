"""The report's claims as experiments."""
