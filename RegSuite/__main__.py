"""`python -m RegSuite`: the command line without an installed script."""

from RegSuite.cli.main import main

if __name__ == "__main__":
    main()
