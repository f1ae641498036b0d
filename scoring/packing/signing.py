"""The bureau's signature on PDFs that leave, and what a signature on somebody's PDF is worth.

pyHanko does both; it is an extra (`sign`) and loaded late. Nothing is fetched: trust comes from the root certificates
that the bureau names, and whether a certificate was revoked meanwhile is not asked.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

_FIELD: Final = "TownscoreSignature"
Worth = Literal["good", "unknown", "altered"]


class SigningError(Exception):
    """It cannot be signed; `code` and `parameters` say why, and never hold the passphrase."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True, repr=False)
class Key:
    """The bureau's certificate with its key, as PKCS #12, and the passphrase that opens it."""

    content: bytes
    passphrase: str


@dataclass(frozen=True)
class Signature:
    """A signature on a PDF.

    Attributes
    ----------
    worth
        `good`: by a certificate of a trusted root, and nothing of the file has changed since. `unknown`: unchanged,
        but nobody trusted vouches for who signed, or the certificate is not valid today. `altered`: the file is not
        what was signed.
    signer
        The name in the certificate, which is a claim unless `good`.
    at
        When it was signed, by the signer's own clock; None where it is not said.
    """

    worth: Worth
    signer: str
    at: datetime | None


def open_key(path: Path, passphrase: str) -> Key:
    """Return a key that has been tried: before anything is made, a wrong passphrase is known.

    Raises
    ------
    SigningError
        `sign-no-library`, `sign-no-file`, or `sign-not-opened` (another passphrase, or no PKCS #12).
    """
    try:
        key = Key(path.read_bytes(), passphrase)
    except OSError:
        raise SigningError("sign-no-file", file=path) from None
    _library()
    try:
        _signer(key)
    except ValueError:
        raise SigningError("sign-not-opened", file=path) from None
    return key


def sign(pdf: bytes, key: Key) -> bytes:
    """Return the PDF with an invisible signature after which nothing in it may change."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    said = signers.PdfSignatureMetadata(
        field_name=_FIELD, md_algorithm="sha256", certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES
    )
    signed: io.BytesIO = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), said, signer=_signer(key))
    return signed.getvalue()


def signatures(pdf: bytes, roots: bytes | None) -> list[Signature]:
    """Return what the signatures on a PDF are worth; none where there are none or it is no PDF.

    Parameters
    ----------
    roots
        The certificates that are trusted, PEM or DER; None where nobody is.

    Raises
    ------
    SigningError
        `sign-no-library`, or `sign-roots` where those are no certificates.
    """
    if b"/ByteRange" not in pdf:
        return []
    _library()
    from asn1crypto import x509
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.general import SigningError as Unreadable
    from pyhanko.sign.validation.errors import SignatureValidationError

    trusted = _certificates(roots) if roots else []
    try:
        embedded = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
    except (PdfError, ValueError):
        return [Signature("altered", "", None)]
    found = []
    for one in embedded:
        try:
            status = _status(one, trusted)
        except (PdfError, SignatureValidationError, Unreadable, ValueError):
            found.append(Signature("altered", "", None))
            continue
        name: x509.Name = status.signing_cert.subject
        signer = str(name.native.get("common_name") or name.human_friendly)
        sound = status.intact and status.valid and status.docmdp_ok is not False and _covers_all(status)
        worth: Worth = "altered" if not sound else "good" if status.trusted else "unknown"
        found.append(Signature(worth, signer, status.signer_reported_dt))
    return found


def _status(embedded: Any, trusted: list[Any]) -> Any:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    # Its log would repeat on the screen what is said in words.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    return validate_pdf_signature(embedded, ValidationContext(trust_roots=trusted, allow_fetching=False))


def _covers_all(status: Any) -> bool:
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    return bool(status.coverage == SignatureCoverageLevel.ENTIRE_FILE)


def _certificates(content: bytes) -> list[Any]:
    from asn1crypto import pem, x509

    try:
        if not pem.detect(content):
            return [x509.Certificate.load(content, strict=True)]
        return [x509.Certificate.load(der, strict=True) for _, _, der in pem.unarmor(content, multiple=True)]
    except ValueError:
        raise SigningError("sign-roots") from None


def _signer(key: Key) -> Any:
    """Return what signs; ValueError where the passphrase is another."""
    from pyhanko.sign import signers

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    return signers.SimpleSigner.load_pkcs12_data(key.content, [], key.passphrase.encode() or None)


def _library() -> None:
    try:
        import pyhanko  # noqa: F401
    except ImportError:
        raise SigningError("sign-no-library") from None
