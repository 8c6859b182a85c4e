"""The command line: data on stdout, progress and logs on stderr, stable exit codes (DESIGN section 14)."""
