"""Every row of the cage's tables, taken away or opened: the golden tables of the filter and of the limits notice.

A filter is executed in the BPF machine of its own unit test; limits, rights and steps are applied to real children.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sandbox.confine import bpf, landlock, rlimits
from sandbox.confine.bpf import ALLOW, Architecture, Profile, Rule
from sandbox.confine.rlimits import Limit
from sandbox.confine.seccomp import ARCHITECTURES
from tests.unit.sandbox.confine.test_bpf import GOLDEN, PROFILES, SAMPLES, execute, word

MEMORY = 256 * 1024 * 1024
# What changes no answer, and why: a rule that is there for the reader, or that another rule already implies.
EQUIVALENT: dict[str, str] = {}


def lines(profile: Profile, machine: Architecture, call: int) -> list[str]:
    """The line of one system call in the golden table, as the filter answers it."""
    program = bpf.assemble(profile, machine)
    names = {number: name for name, number in machine.numbers.items()}
    answers = {label: word(execute(program, call, args, machine.audit)) for label, args in SAMPLES.items()}
    default = word(profile.default)
    if len(set(answers.values())) == 1:
        (one,) = set(answers.values())
        text = "" if one == default else one
    else:
        text = " ".join(f"{label}={answer}" for label, answer in answers.items())
    return [f"{call} {names.get(call, '?')}: {text}"] if text else []


def frozen(name: str, machine: Architecture) -> dict[int, list[str]]:
    """The lines of the golden table by their system call."""
    rows = (GOLDEN / machine.name / f"{name}.txt").read_text().splitlines()[1:]
    return {int(row.partition(" ")[0]): [row] for row in rows}


def filter_mutants(profile: Profile, machine: Architecture) -> Iterator[tuple[str, int, Profile]]:
    """Each rule taken away, each of its tests taken away, each answer opened, each call that has no rule allowed."""
    for index, rule in enumerate(profile.rules):
        number = machine.numbers.get(rule.call)
        if number is None:
            continue
        without = (*profile.rules[:index], *profile.rules[index + 1 :])
        if rule.action != profile.default:
            yield f"without {rule}", number, replace(profile, rules=without)
        for test in rule.tests:
            wider = replace(rule, tests=tuple(one for one in rule.tests if one is not test))
            yield f"{rule} without {test}", number, replace(profile, rules=_swapped(profile, index, wider))
        if rule.action != ALLOW:
            opened = replace(rule, action=ALLOW)
            yield f"{rule} opened", number, replace(profile, rules=_swapped(profile, index, opened))
    named = {rule.call for rule in profile.rules}
    if profile.default != ALLOW:
        for call, number in machine.numbers.items():
            if call not in named:
                yield f"{call} allowed", number, replace(profile, rules=(*profile.rules, Rule(call, ALLOW)))


def _swapped(profile: Profile, index: int, rule: Rule) -> tuple[Rule, ...]:
    return (*profile.rules[:index], rule, *profile.rules[index + 1 :])


@pytest.mark.parametrize("machine", ARCHITECTURES.values(), ids=lambda machine: machine.name)
@pytest.mark.parametrize("name", PROFILES)
def test_no_change_of_a_filter_survives(name: str, machine: Architecture) -> None:
    """The golden table answers differently for the call whose rule was changed."""
    golden = frozen(name, machine)
    mutants = list(filter_mutants(PROFILES[name], machine))
    survivors = [label for label, number, mutant in mutants if lines(mutant, machine, number) == golden.get(number, [])]
    assert len(mutants) > 60
    assert {label: EQUIVALENT.get(f"{name}: {label}", "survives") for label in survivors} == {
        label.partition(": ")[2]: why for label, why in EQUIVALENT.items() if label.startswith(f"{name}: ")
    }


@pytest.mark.parametrize("machine", ARCHITECTURES.values(), ids=lambda machine: machine.name)
@pytest.mark.parametrize("name", PROFILES)
def test_no_number_without_a_name_is_allowed(name: str, machine: Architecture) -> None:
    """What no table names has the default, and a default that is opened is seen."""
    profile = PROFILES[name]
    opened = bpf.assemble(replace(profile, default=ALLOW), machine)
    program = bpf.assemble(profile, machine)
    for number in set(range(470)) - set(machine.numbers.values()):
        assert execute(program, number, (0,) * 6, machine.audit) == profile.default
        if profile.default != ALLOW:
            assert execute(opened, number, (0,) * 6, machine.audit) != profile.default


ROWS = {"worker": rlimits.worker(MEMORY), "zygote": rlimits.zygote(), "tool": rlimits.tool(MEMORY, 10)}
KINDS = sorted({row.resource for rows in ROWS.values() for row in rows})
MEBIBYTE = 1024 * 1024
ZERO = dict.fromkeys(("core", "memlock", "msgqueue", "nice", "rtprio"), 0)
FROZEN = {
    "worker": {**ZERO, "as": MEMORY, "data": MEMORY, "stack": 8 * MEBIBYTE, "nofile": 4, "nproc": 0, "fsize": 0}
    | {"sigpending": 16},
    "zygote": {**ZERO, "as": 4096 * MEBIBYTE, "stack": 8 * MEBIBYTE, "nofile": 64, "fsize": 0},
    "tool": {**ZERO, "as": MEMORY, "stack": 8 * MEBIBYTE, "cpu": 10, "nofile": 256, "fsize": 64 * MEBIBYTE},
}


def in_a_child(act: Callable[[], object]) -> str:
    """What a forked child of ours says."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            text = repr(act())
        except BaseException as error:
            text = type(error).__name__
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def taken(limits: tuple[Limit, ...]) -> list[tuple[int, int]]:
    """The kernel's own view of a process under these limits."""
    for row in limits:
        resource.setrlimit(*rlimits.lowered(row))
    return [resource.getrlimit(kind) for kind in KINDS]


@pytest.mark.parametrize("name", ROWS)
def test_no_change_of_a_limit_survives(name: str) -> None:
    """Each row, soft and hard, is what the kernel has; without the row, or with another value, it is not."""
    rows = ROWS[name]
    before = {kind: resource.getrlimit(kind)[1] for kind in KINDS}
    assert {row.name: row.value for row in rows} == FROZEN[name]
    honest = in_a_child(lambda: taken(rows))
    for index, row in enumerate(rows):
        without = (*rows[:index], *rows[index + 1 :])
        wider = (*rows[:index], replace(row, value=row.value * 2 + 1), *rows[index + 1 :])
        if before[row.resource] == row.value:
            continue  # this machine had the limit already: nothing can be seen of the row here
        assert in_a_child(lambda without=without: taken(without)) != honest, f"{name} without {row.name}"
        if before[row.resource] == resource.RLIM_INFINITY:
            assert in_a_child(lambda wider=wider: taken(wider)) != honest, f"{name} with more {row.name}"


@pytest.mark.parametrize("version", range(1, 8))
def test_no_right_of_landlock_can_be_left_out(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each right of each ABI, by the number that the kernel's header has for it."""
    rights = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}[version]
    net, scoped = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    wanted = ((1 << rights) - 1, net, scoped)

    def asked() -> tuple[int, int, int]:
        found = landlock.ruleset(version)
        return found.fs, found.net, found.scoped

    assert asked() == wanted
    for name, value in (("_FS_BITS", {version: rights - 1}), ("_NET", 1), ("_NET", 2), ("_SCOPED", 1), ("_SCOPED", 2)):
        if (name == "_NET" and not net) or (name == "_SCOPED" and not scoped):
            continue
        with monkeypatch.context() as patch:
            patch.setattr(landlock, name, value)
            assert asked() != wanted, (name, value)
