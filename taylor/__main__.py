"""The command `taylor` as ``python -m taylor``."""

from __future__ import annotations

import sys

from taylor.cli import main

if __name__ == "__main__":
    sys.exit(main())
