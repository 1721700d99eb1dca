"""The documentation. Pages that say so at their top are written by `python -m docs.generate` (`make docs`)."""
