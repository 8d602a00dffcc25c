"""Registration methods. To add one: a file here and a line in `_METHODS`."""
