"""The whole path of one submission, from what was handed in to its verdicts, in one process with limits."""
