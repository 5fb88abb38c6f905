"""Photos in and out: safe decoding, faithful encoding, the one codec path, common edits.

Everything above this room sees upright 8-bit RGB arrays; everything about files, containers, EXIF, ICC
profiles and orientation stays in here. Nothing in this room knows a model or a trigger.
"""
