"""Running a job: cells in, outputs out, in a pool of workers, kept in a store."""
