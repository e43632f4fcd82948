"""The latent space of a generator: walking it, naming its directions, the sliders."""
