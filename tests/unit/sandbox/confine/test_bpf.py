"""The seccomp programs, executed instruction by instruction in a BPF machine of ours."""

from __future__ import annotations

import errno
import os
import re
import struct
from pathlib import Path

import pytest

from sandbox.confine import bpf, seccomp
from sandbox.confine.bpf import ALLOW, ERRNO, KILL, Architecture, Instruction, Profile, Rule, When
from sandbox.confine.seccomp import ARCHITECTURES
from sandbox.confine.x86_64 import X86_64

GOLDEN = Path(__file__).parent / "golden"
PROFILES = {"worker": seccomp.WORKER, "zygote": seccomp.ZYGOTE, "tool": seccomp.tool(3)}
HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}
I386, ARM = 0x40000003, 0x40000028
EXEC, ANONYMOUS, FORK, THREAD = 4, 0x22, 0x01200011, 0x3D0F00
SAMPLES = {
    "zero": (0, 0, 0, 0, 0, 0),
    "fd3": (3, 0, 0, 0, 0, 0),
    "fd3+address": (3, 0, 0, 0, 0x7F0000000000, 0),
    "fd3 look": (3, 0, 1, 2**64 - 1, 2**64 - 1, 8),
    "fd3 look at a position": (3, 0, 1, 0, 0, 8),
    "fd3 look+peek": (3, 0, 1, 2**64 - 1, 2**64 - 1, 8 | 2),
    "fd2 look": (2, 0, 1, 2**64 - 1, 2**64 - 1, 8),
    "fd2": (2, 0, 0, 0, 0, 0),
    "fd3|1<<32": (3 | 1 << 32, 0, 0, 0, 0, 0),
    "anonymous": (0, 4096, 3, ANONYMOUS, 2**64 - 1, 0),
    "anonymous+exec": (0, 4096, 3 | EXEC, ANONYMOUS, 2**64 - 1, 0),
    "file": (0, 4096, 1, 2, 3, 0),
    "fork": (FORK, 0, 0, 0, 0, 0),
    "thread": (THREAD, 0, 0, 0, 0, 0),
    "fd1": (1, 0, 0, 0, 0, 0),
    "futex-wake": (0, 1, 0, 0, 0, 0),
    "futex-pi": (0, 6, 0, 0, 0, 0),
    "futex-wait-set": (0, 9, 0, 0, 0, 0),
    "futex-wake-set": (0, 10, 0, 0, 0, 0),
    "fcntl-owner": (4, 8, 0, 0, 0, 0),
    "fcntl-signal": (4, 10, 0, 0, 0, 0),
    "fcntl-owner-ex": (4, 15, 0, 0, 0, 0),
}


def execute(program: tuple[Instruction, ...], nr: int, args: tuple[int, ...], arch: int = X86_64.audit) -> int:
    """What the kernel would return for this system call."""
    data = struct.pack("=iIQ6Q", nr if nr < 2**31 else nr - 2**32, arch, 0, *(a % 2**64 for a in args))
    accumulator, at = 0, 0
    for _ in range(len(program) + 1):
        one = program[at]
        at += 1
        if one.code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, one.k)
        elif one.code == 0x54:
            accumulator &= one.k
        elif one.code == 0x15:
            at += one.jt if accumulator == one.k else one.jf
        elif one.code == 0x35:
            at += one.jt if accumulator >= one.k else one.jf
        elif one.code == 0x06:
            return one.k
        else:
            raise AssertionError(f"unknown instruction {one}")
    raise AssertionError("the program does not end")


def headers(paths: tuple[str, ...]) -> dict[str, int]:
    """Name to number, from the first of these files that is here."""
    text = next((Path(path).read_text() for path in paths if Path(path).exists()), "")
    plain = re.findall(r"^#define (__NR(?:3264)?_\w+)[ \t]+(\d+)[ \t]*$", text, re.MULTILINE)
    numbers = {name: int(number) for name, number in plain}
    # A number with two names, of which one is for 32-bit words and longer: no profile has that.
    for name, of in re.findall(r"^#define (__NR_\w+) (__NR3264_\w+)$", text, re.MULTILINE):
        if of in numbers:
            numbers[name] = numbers[of]
    return {name.removeprefix("__NR_"): number for name, number in numbers.items()}


def word(action: int) -> str:
    if action in (ALLOW, KILL):
        return {ALLOW: "ALLOW", KILL: "KILL"}[action]
    assert action & 0xFFFF0000 == ERRNO
    return errno.errorcode[action & 0xFFFF]


def table(profile: Profile, architecture: Architecture) -> str:
    """One line a system call whose answer is not the default for every sample."""
    program = bpf.assemble(profile, architecture)
    names = {number: name for name, number in architecture.numbers.items()}
    default = word(profile.default)
    lines = [f"default {default}"]
    for nr in range(501):
        answers = {label: word(execute(program, nr, args, architecture.audit)) for label, args in SAMPLES.items()}
        if len(set(answers.values())) == 1:
            (one,) = set(answers.values())
            text = "" if one == default else one
        else:
            text = " ".join(f"{label}={answer}" for label, answer in answers.items())
        if text:
            lines.append(f"{nr} {names[nr]}: {text}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("name", PROFILES)
def test_every_system_call_is_answered_as_written_down(name: str, machine: str) -> None:
    """A change of any answer, to any call in 0..500, is a change of a reviewed file."""
    golden = GOLDEN / machine / f"{name}.txt"
    found = table(PROFILES[name], ARCHITECTURES[machine])
    if os.environ.get("CHAKRATOR_WRITE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()


@pytest.mark.parametrize("name", PROFILES)
def test_a_call_is_answered_alike_wherever_it_exists(name: str) -> None:
    """Rules are by name: only the numbers differ between instruction sets."""
    programs = [(one, bpf.assemble(PROFILES[name], one)) for one in ARCHITECTURES.values()]
    for call in set.intersection(*(set(one.numbers) for one in ARCHITECTURES.values())):
        for args in SAMPLES.values():
            answers = {execute(program, one.numbers[call], args, one.audit) for one, program in programs}
            assert len(answers) == 1, call


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("args", SAMPLES.values(), ids=SAMPLES)
def test_other_architectures_are_killed(name: str, args: tuple[int, ...], machine: str) -> None:
    """The numbers mean something else there: each of ours on the other, and 32 bits of either."""
    own = ARCHITECTURES[machine]
    program = bpf.assemble(PROFILES[name], own)
    others = {I386, ARM, 0, 0xFFFFFFFF} | {one.audit for one in ARCHITECTURES.values() if one is not own}
    for other in others:
        for nr in (0, 1, 9, 41, 59, 64, 222, 228):
            assert execute(program, nr, args, arch=other) == KILL


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("args", SAMPLES.values(), ids=SAMPLES)
def test_x32_is_killed(name: str, args: tuple[int, ...]) -> None:
    """It has the audit number of x86_64, and a bit in the number of the call."""
    program = bpf.assemble(PROFILES[name], X86_64)
    for nr in range(501):
        assert execute(program, nr | 0x40000000, args) == KILL


@pytest.mark.parametrize(
    ("call", "args", "expected"),
    [
        ("read", (3,), ALLOW),
        ("read", (0,), KILL),
        ("read", (3 | 1 << 32,), KILL),
        ("preadv2", (3, 0, 1, 2**64 - 1, 0, 8), ALLOW),
        ("preadv2", (3, 0, 1, 2**64 - 1, 0, 0), KILL),
        ("preadv2", (3, 0, 1, 2**64 - 1, 0, 8 | 1), KILL),
        ("preadv2", (3, 0, 1, 0, 0, 8), KILL),
        ("preadv2", (0, 0, 1, 2**64 - 1, 0, 8), KILL),
        ("preadv2", (3 | 1 << 32, 0, 1, 2**64 - 1, 0, 8), KILL),
        ("write", (3,), ALLOW),
        ("write", (2,), ERRNO | errno.EBADF),
        ("write", (4,), KILL),
        ("sendto", (3, 0, 0, 0, 0), KILL),
        ("sendto", (3, 0, 1, 1, 0), KILL),
        ("recvfrom", (3, 0, 1, 1, 0), KILL),
        ("sendmsg", (3,), KILL),
        ("recvmsg", (3,), KILL),
        ("futex", (0, 128), ALLOW),
        ("futex", (0, 1 | 128), ALLOW),
        ("futex", (0, 9 | 128 | 256), ALLOW),
        ("futex", (0, 6 | 128), KILL),
        ("futex", (0, 11 | 128), KILL),
        ("futex", (0, 3), KILL),
        ("mmap", (0, 4096, 3, 0x22), ALLOW),
        ("mmap", (0, 4096, 7, 0x22), KILL),
        ("mmap", (0, 4096, 3, 0x02), KILL),
        ("mprotect", (0, 4096, 3), ALLOW),
        ("mprotect", (0, 4096, 5), KILL),
        ("openat", (0,), ERRNO | errno.EPERM),
        ("socket", (2,), KILL),
        ("clone", (FORK,), KILL),
        ("execve", (0,), KILL),
        ("kill", (1, 9), KILL),
        ("ptrace", (0,), KILL),
        ("memfd_create", (0,), KILL),
        ("mount", (0,), KILL),
        ("io_uring_setup", (1,), KILL),
        ("prctl", (4, 1), KILL),
        ("prlimit64", (0,), KILL),
        ("close", (3,), KILL),
    ],
)
def test_a_worker_may_only_compute_and_use_its_socket(call: str, args: tuple[int, ...], expected: int) -> None:
    """The claims of the cage, one by one, independent of how the table is written."""
    program = bpf.assemble(seccomp.WORKER, X86_64)
    padded = (*args, *(0,) * (6 - len(args)))
    assert execute(program, X86_64.numbers[call], padded) == expected


@pytest.mark.parametrize(
    ("call", "args", "allowed"),
    [
        ("prlimit64", (0, 7), True),
        ("prlimit64", (4242, 7), False),
        ("prlimit64", (1, 7), False),
        ("tgkill", (4242, 4243, 6), True),
        ("tgkill", (4241, 4241, 9), False),
        ("tgkill", (0, 0, 9), False),
        ("tkill", (4242, 9), False),
        ("kill", (4242, 9), False),
        ("rt_sigqueueinfo", (4242, 9), False),
        ("rt_tgsigqueueinfo", (4242, 4242, 9), False),
        ("setpriority", (0, 1, 19), False),
        ("ioprio_set", (1, 1, 0), False),
        ("sched_setaffinity", (1,), False),
        ("sched_setscheduler", (1,), False),
        ("sched_setparam", (1,), False),
        ("sched_setattr", (1,), False),
        ("migrate_pages", (1,), False),
        ("move_pages", (1,), False),
        ("fcntl", (1, 8, 4241), False),
        ("fcntl", (1, 10, 9), False),
        ("fcntl", (1, 15, 0), False),
        ("fcntl", (1, 4, 0x2000), True),
    ],
)
def test_a_tool_reaches_no_other_process(call: str, args: tuple[int, ...], allowed: bool) -> None:
    """It has the uid of the host, so the kernel would let it: neither limits nor signals nor its schedule."""
    program = bpf.assemble(seccomp.tool(4242), X86_64)
    answer = execute(program, X86_64.numbers[call], (*args, *(0,) * (6 - len(args))))
    assert answer == (ALLOW if allowed else ERRNO | errno.EPERM)


def test_rules_of_one_call_are_tried_in_order() -> None:
    """The first rule whose tests hold decides, and a rule without a test ends the list."""
    profile = Profile(
        "x",
        (
            Rule("read", ERRNO | 1, (When(0, 7), When(1, 8, mask=0xFF))),
            Rule("read", ERRNO | 2, (When(0, 7),)),
            Rule("read", ALLOW),
            Rule("write", KILL),
        ),
        ERRNO | 9,
    )
    program = bpf.assemble(profile, X86_64)
    assert execute(program, 0, (7, 0x108, 0, 0, 0, 0)) == ERRNO | 1
    assert execute(program, 0, (7, 9, 0, 0, 0, 0)) == ERRNO | 2
    assert execute(program, 0, (8, 8, 0, 0, 0, 0)) == ALLOW
    assert execute(program, 1, (7, 8, 0, 0, 0, 0)) == KILL
    assert execute(program, 2, (7, 8, 0, 0, 0, 0)) == ERRNO | 9


def test_an_unknown_machine_has_no_cage() -> None:
    """A guess would be worse than nothing."""
    with pytest.raises(OSError, match="no system call table"):
        seccomp.architecture("riscv64")


def test_a_name_that_is_no_call_builds_no_program() -> None:
    """A misspelt name would silently be no rule; one that is known to be absent is none on purpose."""
    for one in ARCHITECTURES.values():
        with pytest.raises(ValueError, match="no number"):
            bpf.assemble(Profile("x", (Rule("opne", KILL),), ALLOW), one)
        assert not one.absent & set(one.numbers)
        for call in one.absent:
            assert len(bpf.assemble(Profile("x", (Rule(call, KILL),), ALLOW), one)) == 5 + 2 * one.x32


@pytest.mark.parametrize(("machine", "elf"), [("x86_64", 62), ("aarch64", 183)])
def test_the_audit_number_is_that_of_the_elf_machine(machine: str, elf: int) -> None:
    """EM_X86_64 and EM_AARCH64 of linux/elf-em.h, with the bits for 64 and for little-endian."""
    assert ARCHITECTURES[machine].audit == elf | 0x80000000 | 0x40000000


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    """Where the headers are installed; the table of aarch64 is the generic one, which any machine has."""
    found = headers(HEADERS[machine])
    if not found:
        pytest.skip(f"no kernel headers for {machine} here")
    own = ARCHITECTURES[machine]
    assert {call: found.get(call) for call in own.numbers} == dict(own.numbers)
    assert not own.absent & set(found)


def test_the_packed_program_is_what_the_kernel_reads() -> None:
    """Eight bytes an instruction, in order."""
    program = bpf.assemble(seccomp.WORKER, X86_64)
    data = bpf.packed(program)
    assert [struct.unpack_from("=HBBI", data, 8 * i) for i in range(len(program))] == [
        (one.code, one.jt, one.jf, one.k) for one in program
    ]
