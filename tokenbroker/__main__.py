"""``python -m tokenbroker``: the same as the command."""

from tokenbroker.cli import main

if __name__ == "__main__":
    main()
