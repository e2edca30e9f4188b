"""The control plane's own keys: one CA, one serving certificate, three client certificates, one token signing key.

Nothing here is shared with anybody: the CA signs for this data folder alone. The `bootstrap`
certificate is in system:masters; it binds cluster-admin to the admin user and applies our own
manifests, and is never handed out. Whatever is missing, unreadable, signed by another CA or near
its end is made anew, so an interrupted first start heals itself.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chakrator.up.files import private_folder, sweep, write_private

CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=60)
BACKDATE = timedelta(minutes=5)  # a clock set back a little must not refuse a fresh certificate


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Pki:
    """The files of one data folder."""

    ca: Pair
    serving: Pair
    bootstrap: Pair
    controller_manager: Pair
    etcd_client: Pair
    token_key: Path


@dataclass(frozen=True, slots=True)
class _Leaf:
    name: str
    common_name: str
    organization: str = ""
    server: bool = False


_SERVING = _Leaf("serving", "localhost", server=True)
_BOOTSTRAP = _Leaf("bootstrap", "chakrator-bootstrap", organization="system:masters")
_CONTROLLER_MANAGER = _Leaf("controller-manager", "system:kube-controller-manager")
_ETCD_CLIENT = _Leaf("etcd-client", "kube-apiserver-etcd-client")


def ensure(folder: Path, now: datetime) -> Pki:
    """The keys in `folder`, made or renewed where needed. Call it under the data folder's lock."""
    folder = private_folder(folder)
    sweep(folder)
    ca = Pair(folder / "ca.crt", folder / "ca.key")
    authority = _load(ca)
    if authority is None or _ends_soon(authority[0], now) or not _self_signed(authority[0]):
        authority = _make_ca(ca, now)

    def leaf(spec: _Leaf) -> Pair:
        pair = Pair(folder / f"{spec.name}.crt", folder / f"{spec.name}.key")
        loaded = _load(pair)
        if loaded is None or _ends_soon(loaded[0], now) or not _signed_by(loaded[0], authority[0]):
            _make_leaf(pair, spec, authority, now)
        return pair

    token_key = folder / "service-account.key"
    if _load_key(token_key) is None:
        write_private(token_key, _key_pem(ec.generate_private_key(ec.SECP256R1())))
    return Pki(ca, leaf(_SERVING), leaf(_BOOTSTRAP), leaf(_CONTROLLER_MANAGER), leaf(_ETCD_CLIENT), token_key)


_Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _make_ca(pair: Pair, now: datetime) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chakrator up")])
    certificate = (
        _builder(name, name, key, now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(pair, certificate, key)
    return certificate, key


def _make_leaf(pair: Pair, spec: _Leaf, authority: _Authority, now: datetime) -> None:
    issuer, issuer_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, spec.common_name)]
    if spec.organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, spec.organization))
    # etcd shows its serving certificate as a peer's client certificate, so that one carries both usages.
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if spec.server:
        usages.insert(0, ExtendedKeyUsageOID.SERVER_AUTH)
    builder = (
        _builder(x509.Name(attributes), issuer.subject, key, now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if spec.server:
        names: list[x509.GeneralName] = [x509.DNSName("localhost")]
        names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    _write(pair, builder.sign(issuer_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + life)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    # The key first: a certificate whose key does not fit it is found by `_load` and replaced.
    write_private(pair.key, _key_pem(key))
    write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC 1 and not PKCS 8: kube-apiserver reads its token signing key in no other form.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _load(pair: Pair) -> _Authority | None:
    key = _load_key(pair.key)
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if key is None or certificate.public_key() != key.public_key():
        return None
    return certificate, key


def _ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return now + RENEW_BEFORE > certificate.not_valid_after_utc or now < certificate.not_valid_before_utc


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _self_signed(certificate: x509.Certificate) -> bool:
    return _signed_by(certificate, certificate)
