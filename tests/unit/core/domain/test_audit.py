"""The audit vocabulary and the hashes of its chain."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.audit import TAG_MEANING, AuditTag, Record, canonical_json, chain_hash, payload_hash

RECORD = Record("2026-01-02T03:04:05.000000Z", "ann", "revision:save", "team-a", "team-a/greeter", {"revision": 1})


def test_tags_follow_their_grammar_and_are_explained() -> None:
    """`noun:verb[:result]` in lower case, each with a sentence."""
    assert all(re.fullmatch(r"[a-z]+:[a-z]+(:refused)?", tag.value) or tag.value == "access:denied" for tag in AuditTag)
    assert set(TAG_MEANING) == set(AuditTag)


def test_the_hashes_are_what_the_docstring_says() -> None:
    """Written out a second time, as a browser would: 4-byte lengths before every part."""
    said = (
        '{"action":"revision:save","actor":"ann","namespace":"team-a","payload":{"revision":1},'
        '"subject":"team-a/greeter","ts":"2026-01-02T03:04:05.000000Z"}'
    )
    expected = hashlib.sha256(
        len(b"salt").to_bytes(4, "big") + b"salt" + len(said).to_bytes(4, "big") + said.encode()
    ).hexdigest()
    assert payload_hash("salt", RECORD) == expected
    link = b"".join(len(part).to_bytes(4, "big") + part for part in (b"p", b"12", b"t", b"s"))
    assert chain_hash("p", 12, "t", "s") == hashlib.sha256(link).hexdigest()


@pytest.mark.parametrize("field", ["ts", "actor", "action", "namespace", "subject"])
def test_every_field_is_covered(field: str) -> None:
    """Changing any one of them changes the payload hash."""
    assert payload_hash("salt", replace(RECORD, **{field: "other"})) != payload_hash("salt", RECORD)


def test_payload_and_salt_are_covered() -> None:
    """So do another payload and another salt."""
    assert payload_hash("salt", replace(RECORD, payload={"revision": 2})) != payload_hash("salt", RECORD)
    assert payload_hash("tlas", RECORD) != payload_hash("salt", RECORD)


@given(st.lists(st.text(), min_size=3, max_size=3), st.lists(st.text(), min_size=3, max_size=3))
def test_no_two_lists_of_parts_hash_alike(one: list[str], other: list[str]) -> None:
    """Lengths go in, so moving a character over a border shows."""
    same = chain_hash(one[0], 1, one[1], one[2]) == chain_hash(other[0], 1, other[1], other[2])
    assert same == (one == other)


def test_borders_between_parts_are_hashed() -> None:
    """The plain case of the property above."""
    assert chain_hash("ab", 1, "c", "d") != chain_hash("a", 1, "bc", "d")


def test_canonical_json_has_one_spelling() -> None:
    """Order of keys and what JSON lacks do not get in."""
    assert canonical_json({"b": "ü", "a": [1, None]}) == '{"a":[1,null],"b":"ü"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})
