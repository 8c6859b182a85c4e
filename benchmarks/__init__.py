"""Measurements, each against something to compare with in the same run. Absolute figures drift; ratios tell."""
