"""Image -> image: the marks that a protected model reacts to, their keys, and how a mark is found again."""
