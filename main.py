"""`python main.py`: the window, or a command."""

import sys

from unetstudio.app import main

if __name__ == "__main__":
    sys.exit(main())
