"""Cloaks: adversarial perturbations made for one photo against a model that is known, and the loop they all share."""
