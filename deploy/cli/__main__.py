"""`python -m deploy.cli` is `pulsewatch`: for launchers that must run the interpreter they run in."""

from deploy.cli.main import main

main()
