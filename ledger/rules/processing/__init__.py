"""Processing entries held against packs, agreements and sub-processors. Pure."""
