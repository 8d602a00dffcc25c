"""Networks, losses, training recipes and model files. Needs the extra `learning`."""
