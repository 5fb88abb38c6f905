"""Whole runs, from files to files: train a model, evaluate it, tell the story, measure a claim."""
