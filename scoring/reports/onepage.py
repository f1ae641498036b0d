"""One offline HTML page: what its script is handed, and the hashes by which its policy names script and style."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256


def script_data(facts: object) -> str:
    """Return facts as JSON that can stand in a script block: no text in it can end the block or a line."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def policy_hash(text: str) -> str:
    """Return what a Content-Security-Policy calls a script or a style by, after `sha256-`."""
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")
