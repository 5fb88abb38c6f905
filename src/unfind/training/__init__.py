"""Fitting: batches, the loop, validation, checkpoints and run folders."""
