"""The key of a course: its notebooks, the kinds of their cells, and the catalog of misconceptions."""
