"""The ways out: a shared folder with a folder a town, and mail; one journal for both (docs/sending.md).

| what | where |
|---|---|
| a town's packed files, and that they are its own | parcel |
| what was begun, done, refused: lines sealed one by the other | journal |
| into a shared folder | folder |
| by mail: who is next, what it came to | mail; dialogue speaks SMTP, message writes, letter words, server connects |
| what came of it | outcome |
"""

from scoring.sending.errors import Reason, SendingError
from scoring.sending.folder import copy_out
from scoring.sending.journal import Journal, Key, State, resolve
from scoring.sending.letter import Letter, letters
from scoring.sending.mail import send
from scoring.sending.outcome import Item, Outcome
from scoring.sending.parcel import Parcel, key_of
from scoring.sending.server import Secret, Server, password_of

__all__ = [
    "Item",
    "Journal",
    "Key",
    "Letter",
    "Outcome",
    "Parcel",
    "Reason",
    "Secret",
    "SendingError",
    "Server",
    "State",
    "copy_out",
    "key_of",
    "letters",
    "password_of",
    "resolve",
    "send",
]
