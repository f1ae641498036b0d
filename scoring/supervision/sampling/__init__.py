"""The monthly sample: drawn so that anyone can draw it again, checked, brought back (docs/sampling.md)."""
