"""`python -m Testing.backend.worker_with_methods JOB.json`: the worker, with the methods of this folder."""

from RegSuite import methods
from RegSuite.backend.worker import main
from Testing.backend.crashing_methods import NAMES

if __name__ == "__main__":
    methods._METHODS.update(NAMES)
    main()
