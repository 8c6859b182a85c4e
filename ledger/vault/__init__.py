"""The only store that can forget: subject directory, keys, and the sealing of personal fields (DESIGN section
7)."""
