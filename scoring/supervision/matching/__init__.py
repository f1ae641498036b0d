"""Data matching: recipients against lists of deaths, benefits, property and relatives (docs/matching.md).

Numbers and names of persons are compared in memory. What leaves these modules holds masks and keyed hashes alone.
"""
