"""`python -m streams.cli` is `pulsewatch`: for launchers that must run the interpreter they run in."""

from streams.cli.main import main

main()
