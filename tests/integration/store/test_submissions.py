"""Saving: numbers, bases, bounds, and the audit entry that comes with each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.keys import Uid
from core.domain.revision import MAX_SOURCE_BYTES
from core.errors import Conflict, Invalid, NotFound
from core.services.protocols import AuditFilter, Services
from core.store.errors import StoreFailed

from .conftest import ANN, BOB, GREETER, OTHER, WARNING, saved, submission, tampering


async def test_a_save_can_be_read_back(services: Services) -> None:
    """Source, author, message, report and time, whatever characters are in them."""
    info, created = await services.submissions.save(submission("x = 'ü🌍'\n", None, message="first 🌍"), ANN)
    assert created
    revision = await services.submissions.get(GREETER, 1)
    assert revision.info == info
    assert (revision.source, info.message, info.author, info.report) == ("x = 'ü🌍'\n", "first 🌍", "ann", (WARNING,))


async def test_saving_the_same_again_makes_nothing(services: Services) -> None:
    """Identical to the newest: the newest, and no audit entry, whatever the base."""
    await saved(services, 2)
    info, created = await services.submissions.save(submission("x = 2\n", None), BOB)
    assert (info.number, info.author, created) == (2, "ann", False)
    assert len((await services.audit.list(AuditFilter())).items) == 2


async def test_going_back_to_old_source_is_a_new_revision(services: Services) -> None:
    """Only the newest is compared; the source itself is stored once."""
    await saved(services, 2)
    info, created = await services.submissions.save(submission("x = 1\n", 2), ANN)
    assert (info.number, created) == (3, True)
    assert (await services.submissions.get(GREETER, 3)).source == "x = 1\n"


async def test_an_old_base_is_a_conflict_with_both_sides(services: Services) -> None:
    """Nobody's work is overwritten, and the refusal is on record."""
    await saved(services, 2)
    with pytest.raises(Conflict) as caught:
        await services.submissions.save(submission("mine = 1\n", 1), BOB)
    assert caught.value.details == {
        "newest": 2,
        "base": 1,
        "newest_source": "x = 2\n",
        "newest_author": "ann",
        "base_source": "x = 1\n",
    }
    entry = (await services.audit.list(AuditFilter())).items[0]
    assert (entry.action, entry.actor, entry.subject) == ("revision:save:refused", "bob", "team-a/greeter")
    assert len((await services.submissions.list(GREETER)).items) == 2


@pytest.mark.parametrize("base", [None, 3])
async def test_a_base_that_never_was_is_a_conflict(services: Services, base: int | None) -> None:
    """Neither `none yet` when there are some, nor a number of the future."""
    await saved(services, 2)
    with pytest.raises(Conflict):
        await services.submissions.save(submission("mine = 1\n", base), BOB)


async def test_the_first_save_has_no_base(services: Services) -> None:
    """A base where there is no revision is a conflict too."""
    with pytest.raises(Conflict):
        await services.submissions.save(submission("x = 1\n", 1), ANN)


async def test_of_many_saves_on_one_base_one_wins(services: Services) -> None:
    """However they are interleaved: one revision, and every loser is told and recorded."""
    await saved(services, 1)
    saves = [services.submissions.save(submission(f"y = {n}\n", 1), ANN) for n in range(20)]
    results = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 19
    assert [info.number for info in (await services.submissions.list(GREETER)).items] == [2, 1]
    refused = await services.audit.list(AuditFilter(action="revision:save:refused"))
    assert len(refused.items) == 19


@pytest.mark.parametrize(
    ("source", "message"),
    [("#" * (MAX_SOURCE_BYTES + 1), "ok"), ("x = '\ud800'", "ok"), ("x = 1", "m" * 2001)],
)
async def test_what_does_not_fit_is_invalid(services: Services, source: str, message: str) -> None:
    """Too large, not UTF-8, too long a message: refused and recorded."""
    with pytest.raises(Invalid):
        await services.submissions.save(submission(source, None, message=message), ANN)
    assert (await services.audit.list(AuditFilter())).items[0].action == "revision:save:refused"


async def test_revisions_belong_to_a_uid(services: Services) -> None:
    """Created again under an old name, a Reconciler starts empty; another namespace is another one."""
    await saved(services, 1)
    again = replace(GREETER, uid=Uid("uid-of-a-new-one"))
    assert (await services.submissions.list(again)).items == ()
    info, _ = await services.submissions.save(submission("x = 1\n", None, of=again), ANN)
    assert info.number == 1
    with pytest.raises(NotFound):
        await services.submissions.get(OTHER, 1)


async def test_pages_are_complete_and_disjoint(services: Services) -> None:
    """Walking the cursor shows each revision once, newest first."""
    await saved(services, 7)
    numbers: list[int] = []
    cursor = None
    while True:
        page = await services.submissions.list(GREETER, cursor=cursor, limit=3)
        numbers += [info.number for info in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert numbers == [7, 6, 5, 4, 3, 2, 1]


async def test_a_changed_source_is_never_handed_out(services: Services, database: Path) -> None:
    """What runs is what was saved: one changed byte in the file, and the revision is refused."""
    await saved(services, 1)
    with tampering(database) as connection:
        connection.execute("UPDATE blobs SET source = replace(source, '1', '2')")
        connection.commit()
    with pytest.raises(StoreFailed, match="revision 1 of team-a/greeter is damaged"):
        await services.submissions.get(GREETER, 1)
