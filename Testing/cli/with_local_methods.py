"""`python -m Testing.cli.with_local_methods WORDS`: the command, with the methods of local_methods.py."""

from RegSuite import methods
from RegSuite.cli.main import main
from Testing.workflows.local_methods import NAMES

if __name__ == "__main__":
    methods._METHODS.update(NAMES)
    main()
