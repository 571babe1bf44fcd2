"""From what a student handed in to the job that is executed."""
