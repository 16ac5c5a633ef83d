"""The public functions, one module each: `compress` and `decompress`."""
