"""Requests of data subjects and minors, held against the law and what was promised. Pure."""
