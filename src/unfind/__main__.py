"""``python -m unfind``."""

from unfind.cli.app import main

if __name__ == "__main__":
    main()
