"""The report about a graded class: its data, item analysis, plots, page, and files for an LMS."""
