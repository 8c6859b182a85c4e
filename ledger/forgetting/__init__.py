"""Destroying what is due, erasing people, and showing that it happened. Steps are facts; each may be repeated."""
