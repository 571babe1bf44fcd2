"""Generate everything from the key: the release, the executed notebooks, fingerprints, reference values."""
