"""nbgrader's side: the steps of its converters, how it reads and writes notebooks, how it is run."""
