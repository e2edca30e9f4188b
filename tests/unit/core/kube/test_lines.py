"""Lines out of chunks, whatever their borders and size."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kube.errors import LineTooLong
from core.kube.lines import LineSplitter

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=12)


@given(LINES, st.binary(max_size=10).map(lambda rest: rest.replace(b"\n", b"")), st.lists(st.integers(0, 400)))
def test_chunk_borders_do_not_matter(lines: list[bytes], rest: bytes, cuts: list[int]) -> None:
    """However a stream is cut, the same lines come out, and what has no end stays inside."""
    stream = b"".join(line + b"\n" for line in lines) + rest
    borders = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    splitter = LineSplitter()
    found: list[bytes] = []
    for start, end in pairwise(borders):
        found += splitter.feed(stream[start:end])
    assert found == [line for line in lines if line]
    assert splitter.pending == len(rest)


def test_six_megabytes_are_one_line() -> None:
    """The line of a ConfigMap full of `<`, which ends the stock client for ever, comes out whole."""
    poison = b'{"a":"' + rb"\u003c" * 1_000_000 + b'"}'
    splitter = LineSplitter()
    found = [line for at in range(0, len(poison), 65_536) for line in splitter.feed(poison[at : at + 65_536])]
    assert found == []
    assert splitter.feed(b"\nnext\n") == [poison, b"next"]


def test_cap_counts_one_line() -> None:
    """Many lines together may be over the cap; one may not, also before its end is there."""
    splitter = LineSplitter(cap=10)
    assert splitter.feed(b"123456789\n123456789\n12345") == [b"123456789", b"123456789"]
    with pytest.raises(LineTooLong):
        splitter.feed(b"678901")


def test_cap_holds_for_a_line_inside_a_chunk() -> None:
    """A line over the cap is refused also when it arrives whole."""
    with pytest.raises(LineTooLong):
        LineSplitter(cap=10).feed(b"a\n123456789012\nb\n")
