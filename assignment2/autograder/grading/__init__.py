"""One run over a class: what has to be graded, what changed, feedback pages, the table of scores."""
