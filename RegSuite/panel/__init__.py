"""Parts of the module panels, shared by all modules; only Slicer (or the test harness) imports them."""
