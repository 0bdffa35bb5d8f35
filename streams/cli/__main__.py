"""`python -m streams.cli`: the command line without the installed script."""

from streams.cli.main import main

main()
