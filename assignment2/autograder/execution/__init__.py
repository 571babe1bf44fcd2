"""Run jobs in a pool of workers, cells in and outputs out, and keep the outputs in a store."""
