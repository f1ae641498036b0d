"""The words of a mail: mail.txt.j2, shipped or the bureau's own; its first line is the subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scoring.messages import say
from scoring.reports.settings import Settings
from scoring.sending.parcel import Parcel

_TEMPLATE = "mail.txt.j2"


@dataclass(frozen=True)
class Letter:
    """Subject and body of a mail, both plain text."""

    subject: str
    body: str


Render = Callable[[Parcel], Letter]


def letters(settings: Settings, period: str) -> Render:
    """Return what words a town's mail, from the settings of the papers and the period's printed name.

    Raises
    ------
    WrongTemplate
        The bureau's own template has a mistake; also when it is filled in.
    """
    from scoring.reports.templates import make_environment, naming_mistakes  # late: brings Jinja

    lang = settings.lang
    # A mail is plain text: an & in a town's file name is an &.
    environment = make_environment(settings.templates, lang).overlay(autoescape=False)

    def t(code: str, /, **parameters: object) -> str:
        return say(f"mail-{code}", lang, **parameters)

    def render(parcel: Parcel) -> Letter:
        with naming_mistakes(settings.templates, lang):
            text = environment.get_template(_TEMPLATE).render(
                t=t,
                lang=lang,
                town=parcel.town,
                town_code=parcel.town_code,
                period=period,
                edition=parcel.edition,
                draft=parcel.stage != "published",
                run_code=parcel.run_code,
                files=sorted(path.name for path in parcel.files),
                bureau=settings.bureau,
                contact=settings.contact,
                number=settings.number,
            )
        subject, _, body = text.strip("\n").partition("\n")
        return Letter(subject.strip(), body.strip("\n"))

    return render
