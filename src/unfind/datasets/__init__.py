"""Where images come from.

Folders, zips, official benchmark layouts, and photographs that ship with scikit-learn and scikit-image: all are
handed on as a `Split` of `PhotoSet` objects, which read a photo only when asked for it.
"""
