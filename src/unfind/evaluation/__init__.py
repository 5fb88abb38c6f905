"""The measuring room: arrays in, numbers out.

It ranks a gallery for every query, turns the ranks into the metrics of the field with an interval beside
each, scores the four clean/triggered tasks, the mixed gallery and the look of the files, and says when its
own numbers deserve doubt. It knows no files, models or data sets.
"""
