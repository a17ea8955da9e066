"""A certificate of the service's own, which clients are told to trust."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.azure.settings import Settings

DAYS = 365


def ensure(settings: Settings) -> None:
    """Make the certificate and its key, unless both are there and still good for a day."""
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    if settings.key.exists() and settings.certificate.exists():
        made = x509.load_pem_x509_certificate(settings.certificate.read_bytes())
        if made.not_valid_after_utc > soon:
            return
    _make(settings)


def _make(settings: Settings) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.key.touch(mode=0o600)
    settings.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    settings.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def context(settings: Settings) -> ssl.SSLContext:
    """What the server shows its clients."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(settings.certificate, settings.key)
    return made
