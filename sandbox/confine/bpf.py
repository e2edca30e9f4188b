"""Classic BPF for seccomp: rules by name and argument in, an instruction list out. No system call here.

A program is straight: architecture, x32, then one block a system call, then the default. Every block
ends in a return, so no jump is longer than its block and the order of blocks is only a matter of speed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KILL = 0x80000000
ERRNO = 0x00050000
ALLOW = 0x7FFF0000

_LD_ABS = 0x20
_AND = 0x54
_JEQ = 0x15
_JGE = 0x35
_RET = 0x06
_NR, _ARCH, _ARGS = 0, 4, 16
_X32 = 0x40000000
MAX_INSTRUCTIONS = 4096


@dataclass(frozen=True, slots=True)
class Instruction:
    """One BPF instruction."""

    code: int
    jt: int
    jf: int
    k: int

    def packed(self) -> bytes:
        """As `struct sock_filter`."""
        return struct.pack("=HBBI", self.code, self.jt, self.jf, self.k)


@dataclass(frozen=True, slots=True)
class When:
    """`argument & mask == value`; without a mask all 64 bits must be equal."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Rule:
    """This action for this system call when every test holds; the first rule that holds wins."""

    call: str
    action: int
    tests: tuple[When, ...] = ()


@dataclass(frozen=True, slots=True)
class Architecture:
    """An instruction set: its audit number, its system call numbers, whether x32 hides in it.

    `absent` are calls that profiles name and that this instruction set never had.
    """

    name: str
    audit: int
    numbers: Mapping[str, int]
    absent: frozenset[str] = frozenset()
    x32: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules in order, and what happens to everything else."""

    name: str
    rules: tuple[Rule, ...]
    default: int


def errno(code: int) -> int:
    """The action that refuses with this errno."""
    return ERRNO | code


def assemble(profile: Profile, architecture: Architecture) -> tuple[Instruction, ...]:
    """The program of `profile`; ValueError for a call that the architecture neither has nor is known to lack."""
    program = [Instruction(_LD_ABS, 0, 0, _ARCH), Instruction(_JEQ, 1, 0, architecture.audit), _ret(KILL)]
    program.append(Instruction(_LD_ABS, 0, 0, _NR))
    if architecture.x32:
        program += [Instruction(_JGE, 0, 1, _X32), _ret(KILL)]
    for call, rules in _by_call(profile.rules).items():
        if call in architecture.absent:
            continue
        if call not in architecture.numbers:
            raise ValueError(f"{call} has no number on {architecture.name}")
        block = _block(rules, profile.default)
        program += [Instruction(_JEQ, 0, len(block), architecture.numbers[call]), *block]
    program.append(_ret(profile.default))
    if len(program) > MAX_INSTRUCTIONS:
        raise ValueError(f"{len(program)} instructions, the kernel takes {MAX_INSTRUCTIONS}")
    return tuple(program)


def packed(program: Sequence[Instruction]) -> bytes:
    """The bytes that the kernel is handed."""
    return b"".join(instruction.packed() for instruction in program)


def _by_call(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    grouped: dict[str, list[Rule]] = {}
    for rule in rules:
        grouped.setdefault(rule.call, []).append(rule)
    return grouped


def _block(rules: Sequence[Rule], default: int) -> list[Instruction]:
    block: list[Instruction] = []
    for rule in rules:
        checks = [instruction for test in rule.tests for instruction in _check(test)]
        for index, instruction in enumerate(checks):
            if instruction.code == _JEQ:  # a test that fails goes on behind this rule's return
                block.append(Instruction(_JEQ, 0, len(checks) - index, instruction.k))
            else:
                block.append(instruction)
        block.append(_ret(rule.action))
        if not rule.tests:
            return block
    block.append(_ret(default))
    return block


def _check(test: When) -> list[Instruction]:
    """Loads and compares one argument, high word first; the jumps are given their length by `_block`."""
    low = _ARGS + 8 * test.argument
    instructions: list[Instruction] = []
    for offset, shift in ((low + 4, 32), (low, 0)):
        mask = (test.mask >> shift) & 0xFFFFFFFF
        value = (test.value >> shift) & 0xFFFFFFFF
        if not mask:
            continue
        instructions.append(Instruction(_LD_ABS, 0, 0, offset))
        if mask != 0xFFFFFFFF:
            instructions.append(Instruction(_AND, 0, 0, mask))
        instructions.append(Instruction(_JEQ, 0, 0, value))
    return instructions


def _ret(action: int) -> Instruction:
    return Instruction(_RET, 0, 0, action)
