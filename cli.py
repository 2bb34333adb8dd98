"""Run Onlabel from a checkout: ``python cli.py ask "..."`` is ``onlabel ask "..."``."""

from assistant.serving.commands import main

if __name__ == "__main__":
    main()
