"""Jobs: a workflow in a worker process of its own, with progress, cancel and an end in words."""
