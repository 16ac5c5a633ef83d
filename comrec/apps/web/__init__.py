"""comrec for web pages: networks as browsers take them, and galleries that restore."""
