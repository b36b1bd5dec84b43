"""``python -m tiergate_sandbox``: the command ``tiergate-sandbox``."""

from tiergate_sandbox.cli import main

main()
