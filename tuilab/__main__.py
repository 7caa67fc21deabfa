"""``python -m tuilab``: the same as the command ``tuilab``."""

import sys

from tuilab.cli import main

if __name__ == "__main__":
    sys.exit(main())
