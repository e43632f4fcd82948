"""The small module behind the notebooks: faces, networks, training, latent space, measures.

Nothing happens when it is imported; every file is one subject and can be read on its own.
"""
