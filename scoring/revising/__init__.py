"""Revising a scheme: its values as a workbook and back, changed one by one, and what a change does."""
