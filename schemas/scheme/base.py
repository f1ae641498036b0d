"""What every part of a scheme has in common: closed keys, frozen values, the line it stands on."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PrivateAttr

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_\u4e00-\u9fff-]{1,64}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Part(BaseModel):  # noqa: PLW1641 - pydantic gives every frozen model its hash
    """A piece of a scheme. Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=False)

    _line: int = PrivateAttr(default=0)
    _key_lines: dict[str, int] = PrivateAttr(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Compare what is said, not the lines it is said on."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    @property
    def line(self) -> int:
        """The line of the scheme's file that this piece begins on; 0 when it was not read from a file."""
        return self._line

    def line_of(self, key: str) -> int:
        """Return the line that one key of this piece stands on; the piece's own line where the key is left out."""
        return self._key_lines.get(key, self._line)


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("bad-identifier")
    return value


def _day(value: object) -> object:
    # Pydantic alone would take 20250101 for seconds since 1970.
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("bad-date")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Day = Annotated[date, BeforeValidator(_day)]
