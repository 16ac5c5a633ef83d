"""`comrec bulk`: more pictures than one sitting, or one machine, gets through.

A folder or a bucket is mirrored, compressed, into another, picture by picture. A
manifest at the destination has a row for each, so that the same command goes on where
the last one ended, however that was. Nothing here depends on how many pictures there
are but the manifest's index (16 bytes a picture) and the listing of one folder.
"""
