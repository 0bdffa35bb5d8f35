"""docs/reference, generated from the code: `python -m deploy.reference`, and `--check` for what is stale.

pages.PAGES     file name → the function that writes it
source          what the code says about itself: constants and fields with the texts behind them
markdown        tables
"""
