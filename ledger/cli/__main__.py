"""`python -m ledger.cli`: the same as `ledger`, for processes that start each other."""

from ledger.cli.main import main

if __name__ == "__main__":
    main()
