"""Landlock by its three system calls: deny all files, TCP ports and scopes, with optional rules for tools.

A worker gets no rule at all. ABI n handles what kernel n knows; above 7 the set of 7 is asked for,
because rights that this code has never heard of could not be granted to a tool that needs them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.confine.system import Prepared, System

SYS_CREATE_RULESET = 444  # the same three numbers on every architecture
SYS_ADD_RULE = 445
SYS_RESTRICT_SELF = 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE

_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}
_NET = 0b11  # bind and connect of TCP, since ABI 4
_SCOPED = 0b11  # abstract unix sockets and signals, since ABI 6
NEWEST = 7


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What an ABI lets us handle: the argument of landlock_create_ruleset."""

    fs: int
    net: int
    scoped: int
    size: int

    def packed(self) -> bytes:
        """The struct as the kernel of that ABI expects it, no byte longer."""
        return struct.pack("=QQQ", self.fs, self.net, self.scoped)[: self.size]


@dataclass(frozen=True, slots=True)
class Rule:
    """These rights on this path and everything beneath it."""

    path: str
    rights: int


def ruleset(abi: int) -> Ruleset:
    """Everything that this ABI can refuse."""
    if abi < 1:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock")
    known = min(abi, NEWEST)
    fs = (1 << _FS_BITS[known]) - 1
    if known < 4:
        return Ruleset(fs, 0, 0, 8)
    if known < 6:
        return Ruleset(fs, _NET, 0, 16)
    return Ruleset(fs, _NET, _SCOPED, 24)


def abi(system: System) -> int:
    """The ABI of the running kernel; OSError where there is none (ENOSYS) or it is off (EOPNOTSUPP)."""
    return system.now(system.syscall(SYS_CREATE_RULESET, None, 0, _ASK_VERSION))


def create(system: System, version: int, rules: Iterable[Rule] = ()) -> int:
    """The descriptor of a ruleset of `version`: each process put under it has a domain of its own."""
    handled = ruleset(version)
    packed = handled.packed()
    buffer = ctypes.create_string_buffer(packed, len(packed))
    fd = system.now(system.syscall(SYS_CREATE_RULESET, buffer, handled.size, 0))
    try:
        for rule in rules:
            _add(system, fd, rule, handled.fs)
    except BaseException:
        os.close(fd)
        raise
    return fd


def restrict(system: System, fd: int) -> Prepared:
    """Put this thread, and all it will make, under the ruleset; needs no_new_privs."""
    return system.syscall(SYS_RESTRICT_SELF, fd, 0)


def _add(system: System, fd: int, rule: Rule, handled: int) -> None:
    try:
        parent = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # what is not there needs no right
    try:
        rights = rule.rights & handled
        if not os.path.isdir(rule.path):  # noqa: PTH112  a plain call: pathlib would load half the library
            rights &= _FILE_RIGHTS
        packed = struct.pack("=Qi", rights, parent)
        buffer = ctypes.create_string_buffer(packed, len(packed))
        system.now(system.syscall(SYS_ADD_RULE, fd, _RULE_PATH_BENEATH, buffer, 0))
    finally:
        os.close(parent)
