"""`python -m rolecall` is the same as `rolecall`."""

from __future__ import annotations

from rolecall.cli import main

if __name__ == "__main__":
    main()
