"""Attacks on models and on the project's own protection: what a provider must fear, made so that it can be measured."""
