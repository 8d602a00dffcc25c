"""`python -m Testing.backend.command_with_methods WORDS`: the command with our methods, also in workers."""

from RegSuite import methods
from RegSuite.backend import start
from RegSuite.cli.main import main
from Testing.backend.crashing_methods import NAMES

if __name__ == "__main__":
    methods._METHODS.update(NAMES)
    start.WORKER = "Testing.backend.worker_with_methods"
    main()
