"""From a source to what runs: save, activate, roll back, and every way in which that is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.integration.webui.running import SAMPLE, SPEC, Site, error


def other(number: int) -> str:
    """A second, third, … version of the sample."""
    return SAMPLE.replace('"Ready"', f'"Ready {number}"')


async def save(client: httpx.AsyncClient, site: Site, source: str, base: int | None) -> httpx.Response:
    body = {"source": source, "message": "a change", "base": base}
    return await client.post(f"{site.greeter}/revisions", json=body)


async def activate(client: httpx.AsyncClient, site: Site, revision: int, expected: int | None) -> httpx.Response:
    body = {"revision": revision, "reason": "tried it", "expected": expected}
    return await client.post(f"{site.greeter}/activations", json=body)


async def test_the_sample_is_clean(greeter: Site) -> None:
    """What the documentation shows passes all three tools, in strict mode."""
    async with greeter.client("viewer") as client:
        answer = await client.post(f"{greeter.greeter}/validate", json={"source": SAMPLE})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["ok"], answer.json()["diagnostics"]) == (True, [])
    assert answer.json()["policy_version"]


async def test_code_without_annotations_can_be_saved(greeter: Site) -> None:
    """A function without any is nothing to remark upon; one with some has all of them by good advice."""
    source = 'def part(a: int, b):\n    return a\n\n\ndef reconcile(obj, ctx):\n    ctx.status["phase"] = part(1, 2)\n'
    async with greeter.client("author") as client:
        found = (await client.post(f"{greeter.greeter}/validate", json={"source": source})).json()
        saved = await save(client, greeter, source, None)
    assert found["ok"], found
    assert {(one["code"], one["severity"], one["start"]["line"]) for one in found["diagnostics"]} == {
        ("no-untyped-def", "warning", 1)
    }
    assert saved.status_code == 201, saved.text


async def test_each_tool_finds_what_is_its_own(greeter: Site) -> None:
    """Places are those of the editor: an emoji before the finding counts twice."""
    source = SAMPLE.replace(
        '    message = obj["spec"]["message"]\n',
        '    s = "😀"; n: int = "a"\n    message = obj["spec"]["message"]\n    print(missing)\n    import os\n',
    )
    async with greeter.client("viewer") as client:
        answer = (await client.post(f"{greeter.greeter}/validate", json={"source": source})).json()
    assert not answer["ok"]
    found = {(one["tool"], one["code"]): one for one in answer["diagnostics"]}
    assert found["mypy", "assignment"]["start"] == {"line": 6, "column": 24}
    assert found["mypy", "assignment"]["end"] == {"line": 6, "column": 27}
    assert found["ruff", "E702"]["start"] == {"line": 6, "column": 13}
    assert found["ruff", "F821"]["severity"] == "error"
    assert [one for one in answer["diagnostics"] if one["tool"] == "policy" and one["start"]["line"] == 9]


async def test_save_answers_as_promised(greeter: Site) -> None:
    """201 new, 200 the same again, 409 an old base with both sides, 422 findings; nothing is stored by a refusal."""
    async with greeter.client("author") as client:
        first = await save(client, greeter, SAMPLE, None)
        assert (first.status_code, first.json()["number"], first.json()["report"]) == (201, 1, [])
        again = await save(client, greeter, SAMPLE, 1)
        assert (again.status_code, again.json()) == (200, first.json())
        late = error(await save(client, greeter, other(2), None), 409)
        assert (late["details"]["newest"], late["details"]["newest_source"]) == (1, SAMPLE)
        bad = error(await save(client, greeter, SAMPLE.replace('["message"]', '["message"] + len(ctx)'), 1), 422)
        assert bad["code"] == "rejected"
        assert any(one["severity"] == "error" for one in bad["details"]["diagnostics"])
        error(await save(client, greeter, "import os\n", 1), 422)
        second = await save(client, greeter, other(2), 1)
        assert second.json()["number"] == 2
        listed = (await client.get(f"{greeter.greeter}/revisions")).json()
        assert [one["number"] for one in listed["items"]] == [2, 1]
        assert (await client.get(f"{greeter.greeter}/revisions/1")).json()["source"] == SAMPLE
        error(await client.get(f"{greeter.greeter}/revisions/3"), 404)
        diff = (await client.get(f"{greeter.greeter}/revisions/1/diff/2")).json()["diff"]
        assert '-    ctx.status["phase"] = "Ready"' in diff
        assert '+    ctx.status["phase"] = "Ready 2"' in diff
    assert [one["action"] for one in await greeter.audit(subject=f"{greeter.namespace}/greeter")] == [
        "revision:save",
        "revision:save:refused",
        "revision:save:refused",
        "revision:save:refused",
        "revision:save",
        "reconciler:create",
    ]


async def test_warnings_are_stored_with_the_revision(greeter: Site) -> None:
    """Advice refuses nothing, and is there to be read later."""
    source = SAMPLE.replace("    if not message:\n", "    unused = 1\n    if not message:\n")
    async with greeter.client("author") as client:
        saved = await save(client, greeter, source, None)
        assert saved.status_code == 201, saved.text
        assert [(one["code"], one["severity"]) for one in saved.json()["report"]] == [("F841", "warning")]
        again = (await client.get(f"{greeter.greeter}/revisions/1")).json()
        assert again["report"] == saved.json()["report"]


async def test_a_checker_that_hangs_is_a_finding(greeter: Site) -> None:
    """It is stopped at its deadline, what it might have said is not assumed, and the next check is served."""
    hostile = SAMPLE.replace("def reconcile", "X = 10 ** 10 ** 8\n\n\ndef reconcile", 1)
    async with greeter.client("author") as client:
        answer = (await client.post(f"{greeter.greeter}/validate", json={"source": hostile})).json()
        assert not answer["ok"]
        silent = [one for one in answer["diagnostics"] if one["code"] == "no-answer"]
        assert [one["tool"] for one in silent] == ["mypy"]
        assert "deadline" in silent[0]["message"]
        clean = (await client.post(f"{greeter.greeter}/validate", json={"source": SAMPLE})).json()
        assert clean["ok"], clean


async def test_one_person_has_two_checks_at_once(greeter: Site) -> None:
    """Further ones are told to come back; somebody else's are served."""
    path, body = f"{greeter.greeter}/validate", {"source": SAMPLE}
    async with greeter.client("author") as client, greeter.client("viewer") as other_client:
        answers = await asyncio.gather(
            *(client.post(path, json=body) for _ in range(6)), other_client.post(path, json=body)
        )
    statuses = [one.status_code for one in answers]
    assert statuses[-1] == 200
    assert set(statuses) == {200, 429}
    assert statuses[:-1].count(200) >= 2
    assert next(one for one in answers if one.status_code == 429).headers["retry-after"]


async def test_activate_and_roll_back(greeter: Site) -> None:
    """Compare-and-swap, who and why; the rollback goes to the one before."""
    async with greeter.client("lead") as client:
        await save(client, greeter, SAMPLE, None)
        await save(client, greeter, other(2), 1)
        nothing = error(await client.post(f"{greeter.greeter}/rollback", json={"reason": "r"}), 404)
        assert "no earlier activation" in nothing["message"]
        made = await activate(client, greeter, 1, None)
        assert made.status_code == 201, made.text
        assert (made.json()["kind"], made.json()["service_account"]) == ("activate", "greeter")
        late = error(await activate(client, greeter, 2, None), 409)
        assert late["details"]["active"] == 1
        error(await activate(client, greeter, 7, 1), 404)
        assert (await activate(client, greeter, 2, 1)).status_code == 201
        back = await client.post(f"{greeter.greeter}/rollback", json={"reason": "it was better"})
        assert (back.status_code, back.json()["revision"], back.json()["kind"]) == (201, 1, "rollback")
        state = (await client.get(f"{greeter.greeter}/activations")).json()
        assert (state["active"]["revision"], state["active"]["reason"]) == (1, "it was better")
        detail = (await client.get(greeter.greeter)).json()
        assert (detail["active"]["revision"], detail["newest"]) == (1, 2)
        assert detail["rights"]["impersonate"] is True
    actions = [(one["action"], one["actor"]) for one in await greeter.audit()]
    lead = f"system:serviceaccount:{greeter.namespace}:lead"
    assert actions[:4] == [
        ("activation:rollback", lead),
        ("activation:activate", lead),
        ("activation:activate:refused", lead),
        ("activation:activate:refused", lead),
    ]
    rollback = (await greeter.audit(action="activation:rollback"))[0]
    assert rollback["payload"]["reason"] == "it was better"


async def test_an_author_may_not_decide_what_runs_as_somebody(greeter: Site) -> None:
    """`code` and `activation` are not enough without `impersonate`: 403 names it, and so does the audit trail."""
    async with greeter.client("author") as client:
        await save(client, greeter, SAMPLE, None)
        refused = error(await activate(client, greeter, 1, None), 403)
    assert refused["details"] == {
        "verb": "impersonate",
        "resource": "serviceaccounts",
        "namespace": greeter.namespace,
        "name": "greeter",
    }
    entry = (await greeter.audit(action="access:denied"))[0]
    assert entry["actor"] == f"system:serviceaccount:{greeter.namespace}:author"
    assert "impersonate" in entry["payload"]["right"]
    assert entry["subject"] == f"{greeter.namespace}/greeter"


async def test_on_call_may_go_back_without_impersonate(greeter: Site) -> None:
    """To a revision that ran before as the same ServiceAccount, and to no other."""
    async with greeter.client("lead") as client:
        await save(client, greeter, SAMPLE, None)
        await save(client, greeter, other(2), 1)
        await save(client, greeter, other(3), 2)
        await activate(client, greeter, 1, None)
        await activate(client, greeter, 3, 1)
    async with greeter.client("operator") as client:
        error(await client.post(f"{greeter.greeter}/rollback", json={"to": 2, "reason": "r"}), 403)
        back = await client.post(f"{greeter.greeter}/rollback", json={"to": 1, "reason": "r"})
        assert back.status_code == 201, back.text


async def test_what_does_not_start_is_not_activated(greeter: Site) -> None:
    """It passes every checker, and fails when the module body runs in the cage with the Reconciler's own limits."""
    source = "LIMIT = [1, 2, 3][len([0, 0, 0, 0])]\n" + SAMPLE.replace("from __future__", "")
    source = SAMPLE.replace(
        "\n\n\ndef reconcile", "\n\nNAMES = [1, 2, 3]\nLIMIT = NAMES[len(NAMES)]\n\n\ndef reconcile"
    )
    async with greeter.client("lead") as client:
        saved = await save(client, greeter, source, None)
        assert saved.status_code == 201, saved.text
        refused = error(await activate(client, greeter, 1, None), 422)
        assert "does not start in the cage" in refused["message"]
        assert (await client.get(f"{greeter.greeter}/activations")).json()["active"] is None
    entry = (await greeter.audit(action="activation:activate:refused"))[0]
    assert (entry["payload"]["revision"], entry["payload"]["reason"]) == (1, "tried it")


async def test_without_its_service_account_nothing_is_activated(greeter: Site, kubectl: Any) -> None:
    """The activation stores its uid, and there is none."""
    async with greeter.client("lead") as client:
        await save(client, greeter, SAMPLE, None)
        kubectl("delete", "serviceaccount", "greeter", "-n", greeter.namespace)
        assert error(await activate(client, greeter, 1, None), 422)["code"] == "service_account_missing"


async def test_an_idempotency_key_makes_one_revision(greeter: Site) -> None:
    """The same request again gets the same answer; another one with that key is refused."""
    body = {"source": SAMPLE, "message": "a change", "base": None}
    path = f"{greeter.greeter}/revisions"
    async with greeter.client("author") as client:
        keyed = {"Idempotency-Key": "k-1"}
        answers = await asyncio.gather(*(client.post(path, json=body, headers=keyed) for _ in range(3)))
        assert [one.status_code for one in answers] == [201, 201, 201]
        assert len({one.content for one in answers}) == 1
        assert sum("idempotency-replayed" in one.headers for one in answers) == 2
        error(await client.post(path, json={**body, "base": 1}, headers=keyed), 409)
        error(await client.post(path, json=body, headers={"Idempotency-Key": "a b"}), 422)
    async with greeter.client("lead") as client:
        theirs = await client.post(path, json={**body, "base": 1}, headers=keyed)
        assert theirs.status_code == 200, "a key belongs to one person"


@pytest.mark.parametrize("what", ["create", "revisions", "activations", "rollback"])
async def test_an_act_that_was_not_answered_is_answered_when_repeated(
    greeter: Site, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The process breaks between the act and its answer: the same request again gets what was done, once."""
    services = greeter.deps.services
    async with greeter.client("lead") as client:
        for number in (1, 2):
            await save(client, greeter, f"{SAMPLE}\n# {number}\n", number - 1 or None)
            await activate(client, greeter, number, number - 1 or None)
        path, body, service, act = {
            "create": (f"{greeter.greeter}-2", {"spec": SPEC}, type(services.audit), "append"),
            "revisions": (
                f"{greeter.greeter}/revisions",
                {"source": SAMPLE, "message": "m", "base": 2},
                type(services.submissions),
                "save",
            ),
            "activations": (
                f"{greeter.greeter}/activations",
                {"revision": 1, "reason": "r", "expected": 2},
                type(services.activations),
                "activate",
            ),
            "rollback": (f"{greeter.greeter}/rollback", {"reason": "r"}, type(services.activations), "activate"),
        }[what]
        real: Any = getattr(service, act)

        async def breaking(*args: Any, **more: Any) -> Any:
            await real(*args, **more)
            raise RuntimeError("a power cut")

        key = {"Idempotency-Key": "k"}
        with monkeypatch.context() as patch:
            patch.setattr(service, act, breaking)
            error(await client.post(path, json=body, headers=key), 500)
        before = await greeter.audit()
        again = await client.post(path, json=body, headers=key)
        assert (again.status_code, again.headers.get("idempotency-replayed")) == (201, "true"), again.text
        assert again.json()
        assert await greeter.audit() == before


async def test_bodies_are_read_strictly(greeter: Site) -> None:
    """Unknown fields, missing reasons, texts too long, numbers that are texts: 422 that names the place."""
    path = f"{greeter.greeter}/activations"
    good = {"revision": 1, "reason": "r", "expected": None}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({**good, "extra": 1}, "body.extra"),
        ({**good, "reason": "  "}, "body.reason"),
        ({**good, "reason": "x" * 1001}, "body.reason"),
        ({**good, "reason": "a\x00b"}, "body.reason"),
        ({**good, "reason": "\ud800"}, "body.reason"),
        ({**good, "revision": "1"}, "body.revision"),
        ({**good, "revision": 0}, "body.revision"),
        ({"revision": 1, "reason": "r"}, "body.expected"),
    ]
    headers = {"Content-Type": "application/json"}
    async with greeter.client("lead") as client:
        for body, where in wrong:
            answer = await client.post(path, content=json.dumps(body), headers=headers)
            problems = error(answer, 422)["details"]["problems"]
            assert [one["where"] for one in problems] == [where]
        error(await client.post(path, content="[" * 100_000, headers=headers), 400)
        big = error(await client.post(path, content=b"x" * 600_000, headers=headers), 413)
        assert big["code"] == "too_large"
