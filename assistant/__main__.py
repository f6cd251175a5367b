"""`python -m assistant` is `quipu`."""

from assistant.cli import main

main()
