"""Compresses or decompresses large sets of pictures, on one machine or several.

`comrec bulk` mirrors a folder or bucket into another one. A manifest at the destination
has a row for each picture, so that the same command continues an earlier run, whether
that run finished or was killed. Memory grows with the number of pictures only in the
index of the manifest (32 bytes a picture) and in the listing of one folder.
"""
