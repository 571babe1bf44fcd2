"""The key of a course: its notebooks, what their cells are, and the catalog of misconceptions."""
