"""Keys that heal: whatever is missing, foreign or near its end is made anew, and nothing else changes."""

from __future__ import annotations

import stat
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from chakrator.up import pki

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file's content."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def certificate(pair: pki.Pair) -> x509.Certificate:
    """The certificate of a pair."""
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def test_every_file_is_private(tmp_path: Path) -> None:
    """Keys and certificates are 0600 in a folder of 0700."""
    pki.ensure(tmp_path / "pki", NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700


def test_the_serving_certificate_names_loopback_alone(tmp_path: Path) -> None:
    """It is good for 127.0.0.1, ::1 and localhost, and is signed by our CA."""
    keys = pki.ensure(tmp_path, NOW)
    serving = certificate(keys.serving)
    names = serving.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {"localhost", "127.0.0.1", "::1"}
    serving.verify_directly_issued_by(certificate(keys.ca))


def test_only_the_bootstrap_certificate_is_a_master(tmp_path: Path) -> None:
    """system:masters is on one certificate, which is never handed out."""
    keys = pki.ensure(tmp_path, NOW)
    masters = [
        pair
        for pair in (keys.serving, keys.bootstrap, keys.controller_manager, keys.etcd_client)
        if "system:masters" in certificate(pair).subject.rfc4514_string()
    ]
    assert masters == [keys.bootstrap]


def test_nothing_changes_while_all_is_well(tmp_path: Path) -> None:
    """A restart keeps every key."""
    pki.ensure(tmp_path, NOW)
    before = snapshot(tmp_path)
    pki.ensure(tmp_path, NOW + timedelta(days=200))
    assert snapshot(tmp_path) == before


def test_certificates_near_their_end_are_renewed_under_the_same_ca(tmp_path: Path) -> None:
    """Leaves are replaced in time; the CA and the token key stay, so kubeconfigs and tokens do too."""
    keys = pki.ensure(tmp_path, NOW)
    before = snapshot(tmp_path)
    pki.ensure(tmp_path, NOW + pki.LEAF_LIFE - timedelta(days=1))
    after = snapshot(tmp_path)
    assert after["serving.crt"] != before["serving.crt"]
    assert certificate(keys.serving).not_valid_after_utc > NOW + pki.LEAF_LIFE
    kept = ("ca.crt", "ca.key", "service-account.key")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_a_ca_near_its_end_is_replaced_with_all_it_signed(tmp_path: Path) -> None:
    """A new CA means new leaves: none of them would verify otherwise."""
    keys = pki.ensure(tmp_path, NOW)
    old = certificate(keys.ca)
    pki.ensure(tmp_path, NOW + pki.CA_LIFE - timedelta(days=1))
    assert certificate(keys.ca) != old
    for pair in (keys.serving, keys.bootstrap, keys.controller_manager, keys.etcd_client):
        certificate(pair).verify_directly_issued_by(certificate(keys.ca))


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage"])
@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "serving.key", "bootstrap.crt", "service-account.key"])
def test_an_interrupted_first_start_heals(tmp_path: Path, name: str, damage: str) -> None:
    """One damaged file of the set, and the next start has a set that fits together again."""
    pki.ensure(tmp_path, NOW)
    victim = tmp_path / name
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(b"" if damage == "empty" else b"-----BEGIN NONSENSE-----\n")
    keys = pki.ensure(tmp_path, NOW)
    assert all(path.is_file() for part in astuple(keys)[:5] for path in part)
    for pair in (keys.serving, keys.bootstrap, keys.controller_manager, keys.etcd_client):
        certificate(pair).verify_directly_issued_by(certificate(keys.ca))
    assert keys.token_key.read_bytes().startswith(b"-----BEGIN EC PRIVATE KEY-----")


def test_a_key_that_does_not_fit_its_certificate_is_found(tmp_path: Path) -> None:
    """Killed between the two writes of a pair: the certificate is of the old key."""
    keys = pki.ensure(tmp_path, NOW)
    other = pki.ensure(tmp_path / "other", NOW)
    keys.serving.key.write_bytes(other.serving.key.read_bytes())
    old = certificate(keys.serving)
    pki.ensure(tmp_path, NOW)
    assert certificate(keys.serving) != old
