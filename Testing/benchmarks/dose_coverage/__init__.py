"""How honest an uncertainty is: coverage of vectors and DVH bands over phantom draws with a known truth."""
