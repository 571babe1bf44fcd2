"""From the key to what is generated from it: the release, the executed notebooks, fingerprints, reference values."""
