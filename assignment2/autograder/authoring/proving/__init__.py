"""Proving a key: that it earns all points, that nothing else does, and that what is said about mistakes is true."""
