"""The command line: `ser COMMAND` or `python -m ser_core COMMAND`, one module for each group of commands."""

from ser_core.cli.main import main

__all__ = ["main"]
