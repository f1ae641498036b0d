"""The bureau's signature: verified against a root made here, broken by any change, never trusted on its own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from weasyprint import HTML

from scoring.packing.signing import Key, SigningError, open_key, sign, signatures

PASSPHRASE = "示例口令"


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(name, issuer, issuer_key, key, *, root=False, days=365):
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not root, content_commitment=not root, key_cert_sign=root, crl_sign=root, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


class Office:
    """A root, and a bureau's certificate and key signed by it."""

    def __init__(self, folder, days=365):
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = certificate("示例根", named("示例根"), root_key, root_key, root=True)
        own = certificate("示例市民政局", named("示例根"), root_key, key, days=days)
        self.roots = root.public_bytes(serialization.Encoding.PEM)
        self.path = folder / "签名.p12"
        self.path.write_bytes(
            pkcs12.serialize_key_and_certificates(
                b"x", key, own, [root], serialization.BestAvailableEncryption(PASSPHRASE.encode())
            )
        )
        self.key = Key(self.path.read_bytes(), PASSPHRASE)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def paper():
    return HTML(string="<p>scored 87.50 points</p>").write_pdf()


@pytest.fixture(scope="module")
def signed(office, paper):
    return sign(paper, office.key)


def worths(pdf, roots):
    return [one.worth for one in signatures(pdf, roots)]


def test_a_signature_is_good_under_its_root_alone(office, signed, tmp_path):
    (one,) = signatures(signed, office.roots)
    assert (one.worth, one.signer) == ("good", "示例市民政局")
    assert abs(one.at - datetime.now(UTC)) < timedelta(minutes=10)
    assert worths(signed, None) == ["unknown"]
    assert worths(signed, Office(tmp_path).roots) == ["unknown"]


def test_a_certificate_that_is_no_longer_valid_vouches_for_nothing(paper, tmp_path):
    late = Office(tmp_path, days=-1)
    assert worths(sign(paper, late.key), late.roots) == ["unknown"]


def test_every_change_after_it_is_seen(office, signed, paper):
    start = len(paper) // 2
    touched = bytearray(signed)
    touched[start] ^= 1
    assert worths(bytes(touched), office.roots) == ["altered"]
    assert worths(signed + b"\n%% more\n", office.roots) == ["altered"]
    assert worths(signed[:-40], office.roots) in (["altered"], [])


def test_something_written_after_the_signature_is_seen_though_the_signed_bytes_are_whole(office, signed):
    from io import BytesIO

    from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(signed))
    writer.root[pdf_name("/Lang")] = TextStringObject("xx")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    assert worths(out.getvalue(), office.roots) == ["altered"]


def test_unsigned_papers_have_none(office, paper):
    assert signatures(paper, office.roots) == []
    assert signatures(b"no pdf", office.roots) == []


def test_a_key_is_tried_before_anything_is_signed(office, tmp_path, caplog):
    assert open_key(office.path, PASSPHRASE).content
    for path, word, code in (
        (office.path, "wrong", "sign-not-opened"),
        (tmp_path / "none.p12", PASSPHRASE, "sign-no-file"),
    ):
        with pytest.raises(SigningError) as caught:
            open_key(path, word)
        assert caught.value.code == code
        assert word not in str(caught.value.parameters) + caplog.text
    assert PASSPHRASE not in repr(office.key)
    with pytest.raises(SigningError, match="sign-roots"):
        signatures(sign(HTML(string="x").write_pdf(), office.key), b"no certificate")
