"""One run over a class: what is due, what changed, feedback pages, the table of scores."""
