"""What is in faces, and how a set of samples compares with a set of faces."""
