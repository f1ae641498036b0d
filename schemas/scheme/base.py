"""What every part of a scheme has in common: closed keys, frozen values, the line it stands on."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, PrivateAttr

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_\u4e00-\u9fff-]{1,64}")


class Part(BaseModel):
    """A piece of a scheme. Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=False)

    _line: int = PrivateAttr(default=0)

    @property
    def line(self) -> int:
        """The line of the scheme's file that this piece begins on; 0 when it was not read from a file."""
        return self._line


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("bad-identifier")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
