"""Encoders: backbones, the embedding head, weights on disk and how photos become embeddings."""
