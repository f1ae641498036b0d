"""Why something is refused or did not go out: a code of the catalogue with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.messages import say


@dataclass(frozen=True)
class Reason:
    """A sentence of the catalogue to come: its code and parameters, plain text that a journal can hold."""

    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def said(self, lang: str) -> str:
        """Return the sentence."""
        parameters = dict(self.parameters)
        if "step" in parameters:
            parameters["step"] = say(f"sending-step-{parameters['step']}", lang)
        return say(self.code, lang, **parameters)


class SendingError(Exception):
    """Refused before anything was done, or no more can be done; `reason` says why."""

    def __init__(self, code: str, **parameters: str) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters

    @property
    def reason(self) -> Reason:
        """The same as a reason."""
        return Reason(self.code, self.parameters)
