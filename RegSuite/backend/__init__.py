"""Jobs: a workflow in a process of its own, followed without waiting, and many of them as a batch.

`RegSuite.submit` starts a job; see docs/jobs.md.
"""
