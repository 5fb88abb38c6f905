"""The gallery: photo embeddings on disk, their exact search, and how photos get in and out."""
