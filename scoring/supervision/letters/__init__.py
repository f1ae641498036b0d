"""The letters of the section: numbered, written, logged."""
