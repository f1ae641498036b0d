"""What can stop a paper from being made; each says what to do."""

from __future__ import annotations

from scoring.messages import say


class MissingGlyph(Exception):
    """No font on this machine has a character that is to be printed."""

    def __init__(self, character: str, where: str, lang: str = "zh") -> None:
        super().__init__(character, where, lang)
        self.character = character
        self.where = where
        self.lang = lang

    def __str__(self) -> str:
        """Say which character, where it stands, and what to do."""
        code = "U+" + format(ord(self.character), "04X")
        return say("reports-missing-glyph", self.lang, character=self.character, code=code, where=self.where)


class MissingLibrary(Exception):
    """The machine lacks a library or every Chinese font."""

    def __init__(self, what: str, install: str, lang: str = "zh") -> None:
        super().__init__(what, install, lang)
        self.what = what
        self.install = install
        self.lang = lang

    def __str__(self) -> str:
        """Say what is missing and the line that installs it."""
        return say("reports-missing-library", self.lang, what=self.what, install=self.install)


class WrongTemplate(Exception):
    """One of the bureau's own templates has a mistake."""

    def __init__(self, file: str, line: int, what: str, lang: str = "zh") -> None:
        super().__init__(file, line, what, lang)
        self.file = file
        self.line = line
        self.what = what
        self.lang = lang

    def __str__(self) -> str:
        """Say where, and what is wrong."""
        return say("reports-template-wrong", self.lang, file=self.file, line=self.line, what=self.what)


class ForbiddenAddress(Exception):
    """A template or a text asked for an address that a paper may not fetch."""

    def __init__(self, address: str, lang: str = "zh") -> None:
        super().__init__(address, lang)
        self.address = address
        self.lang = lang

    def __str__(self) -> str:
        """Say which address, and what may be used instead."""
        return say("reports-forbidden-address", self.lang, address=self.address)
