"""`python -m chakrator`."""

from chakrator.cli import main

if __name__ == "__main__":
    main()
