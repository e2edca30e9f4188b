"""The three seccomp profiles, and the one call that loads a program.

A worker has an allow-list: a deny-list would have to be revised for every kernel, and a warm CPython
needs very little. What an innocent interpreter tries out of habit (opening a file to quote a line of
a traceback) gets EPERM; anything else is the death of the process by SIGSYS, which is evidence.
"""

from __future__ import annotations

import ctypes
import errno as errnos
import platform
from collections.abc import Sequence

from sandbox.confine import bpf
from sandbox.confine.aarch64 import AARCH64
from sandbox.confine.bpf import ALLOW, KILL, Architecture, Instruction, Profile, Rule, When
from sandbox.confine.system import Prepared, System
from sandbox.confine.x86_64 import X86_64

ARCHITECTURES = {one.name: one for one in (X86_64, AARCH64)}
SOCKET_FD = 3
CONTROL_FD = 0
_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1
_PROT_EXEC = 4
_MAP_ANONYMOUS = 0x20
_CLONE_THREAD = 0x10000
_FORK_FLAGS = 0x01200011  # CHILD_CLEARTID | CHILD_SETTID | SIGCHLD: what fork() is to glibc and musl

_LOW = 0xFFFFFFFF  # of an int argument the kernel reads no more
_SENDS_SIGNALS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX

_EPERM = bpf.errno(errnos.EPERM)
_ENOSYS = bpf.errno(errnos.ENOSYS)
_EBADF = bpf.errno(errnos.EBADF)


def _calls(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_HARMLESS = _calls(
    "mmap munmap brk mremap madvise clock_gettime clock_getres gettimeofday time getrandom exit "
    "exit_group rt_sigreturn rt_sigprocmask restart_syscall rseq sched_yield getpid gettid getcpu"
)

# What an innocent, warm interpreter may still try; abort() and Py_FatalError are among them, so that
# a fatal error of CPython ends by its own signal and is not taken for an attack.
_HABITS = _calls(
    "open openat stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat "
    "getcwd getdents64 ioctl fcntl lseek nanosleep clock_nanosleep tgkill rt_sigaction sysinfo "
    "sigaltstack"
)


def _on(fd: int) -> When:
    return When(argument=0, value=fd)


def _pid(pid: int) -> When:
    return When(argument=0, value=pid, mask=_LOW)


_NO_EXEC = When(argument=2, mask=_PROT_EXEC, value=0)
_ANONYMOUS = When(argument=3, mask=_MAP_ANONYMOUS, value=_MAP_ANONYMOUS)
_NO_ADDRESS = When(argument=4, value=0)
_NO_POSITION = When(argument=3, value=2**64 - 1)
_RWF_NOWAIT = When(argument=5, value=8, mask=_LOW)

# A look at what the socket has: `read` by another number, with the one flag that it does not wait.
_LOOK = Rule("preadv2", ALLOW, (_on(SOCKET_FD), _NO_POSITION, _RWF_NOWAIT))

# Waiting and waking alone: the other operations (requeue, priority inheritance) are the kernel's most
# broken ones, and nothing here needs them. The masked bits are FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME.
_FUTEX_OPERATIONS = (0, 1, 9, 10)
_FUTEX = tuple(Rule("futex", ALLOW, (When(argument=1, value=one, mask=0xFFFFFE7F),)) for one in _FUTEX_OPERATIONS)

_MEMORY = (Rule("mmap", ALLOW, (_NO_EXEC, _ANONYMOUS)), Rule("mprotect", ALLOW, (_NO_EXEC,)))

WORKER = Profile(
    name="worker",
    rules=(
        *_MEMORY,
        *_FUTEX,
        *(Rule(call, ALLOW) for call in _HARMLESS if call != "mmap"),
        # And no recvfrom, no sendto: they have flags, and MSG_OOB on a unix socket broke kernels (CVE-2025-38236).
        Rule("read", ALLOW, (_on(SOCKET_FD),)),
        _LOOK,
        Rule("write", ALLOW, (_on(SOCKET_FD),)),
        Rule("write", _EBADF, (_on(1),)),
        Rule("write", _EBADF, (_on(2),)),
        Rule("writev", _EBADF, (_on(1),)),
        Rule("writev", _EBADF, (_on(2),)),
        *(Rule(call, _EPERM) for call in _HABITS),
    ),
    default=KILL,
)

# The filter of the zygote lies under that of each worker, and the stricter answer wins; so its default
# may be an errno, which shows where something is missing instead of ending the host's only zygote.
ZYGOTE = Profile(
    name="zygote",
    rules=(
        *_MEMORY,
        *_FUTEX,
        *(Rule(call, ALLOW) for call in _HARMLESS if call != "mmap"),
        *(
            Rule(call, ALLOW)
            for call in _calls(
                "read write close close_range dup2 dup3 lseek fstat newfstatat getppid getuid geteuid getgid "
                "getegid getresuid getresgid setresuid setresgid setgroups setsid prctl capset prlimit64 "
                "rt_sigaction sigaltstack set_robust_list wait4 waitid pidfd_open landlock_restrict_self seccomp "
                "setpriority getpriority tgkill umask"
            )
        ),
        Rule("clone", ALLOW, (When(argument=0, value=_FORK_FLAGS),)),
        Rule("clone3", _ENOSYS),
        *(Rule(call, ALLOW, (_on(CONTROL_FD),)) for call in ("recvmsg", "sendmsg", "getsockopt")),
        Rule("recvfrom", ALLOW, (_NO_ADDRESS,)),
        _LOOK,  # for the workers: the stricter of the two filters wins
        Rule("sendto", ALLOW, (_NO_ADDRESS,)),
        Rule("writev", _EBADF),
    ),
    default=_EPERM,
)

# A linter or type checker parses hostile text but runs none of it: threads and files (Landlock says
# which), and no way to the network, to other processes or to the parts of a kernel that break most.
# It keeps the uid of the host, so whatever takes a pid and asks for no more than the same uid is refused:
# limits, scheduling, memory placement, signals, and the signals that a descriptor can be told to send.
_TOOL_RULES = (
    Rule("clone", ALLOW, (When(argument=0, mask=_CLONE_THREAD, value=_CLONE_THREAD),)),
    Rule("clone", _EPERM),
    Rule("clone3", _ENOSYS),  # glibc then uses clone, whose flags can be read
    *(
        Rule(call, _EPERM)
        for call in _calls(
            "fork vfork socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom "
            "recvmsg ptrace process_vm_readv process_vm_writev process_madvise kcmp kill tkill rt_sigqueueinfo "
            "rt_tgsigqueueinfo pidfd_open setpriority ioprio_set sched_setaffinity sched_setscheduler "
            "sched_setparam sched_setattr migrate_pages move_pages "
            "pidfd_getfd pidfd_send_signal mount umount2 pivot_root chroot open_tree move_mount fsopen "
            "fsconfig fsmount fspick mount_setattr unshare setns bpf perf_event_open userfaultfd "
            "fanotify_init keyctl add_key request_key init_module finit_module delete_module kexec_load "
            "kexec_file_load reboot swapon swapoff acct quotactl syslog iopl ioperm personality "
            "name_to_handle_at open_by_handle_at clock_settime sethostname memfd_secret"
        )
    ),
    *(Rule(call, _ENOSYS) for call in ("io_uring_setup", "io_uring_enter", "io_uring_register")),
    Rule("prlimit64", ALLOW, (_pid(0),)),
    Rule("prlimit64", _EPERM),
    *(Rule("fcntl", _EPERM, (When(argument=1, value=command, mask=_LOW),)) for command in _SENDS_SIGNALS),
)


def tool(pid: int) -> Profile:
    """The profile of a tool that is process `pid`: abort() and a thread's own signals reach it, and nobody else."""
    own = (Rule("tgkill", ALLOW, (_pid(pid),)), Rule("tgkill", _EPERM))
    return Profile(name="tool", rules=(*_TOOL_RULES, *own), default=ALLOW)


def architecture(machine: str | None = None) -> Architecture:
    """The table of this machine; OSError where there is none, for a guess would be no cage.

    A 32-bit interpreter on a 64-bit kernel gets the kernel's table, whose first test then kills it.
    """
    name = machine or platform.machine()
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise OSError(errnos.ENOSYS, f"no system call table for {name}") from None


class Program:
    """A program in the kernel's form, built once; loading it is one system call."""

    def __init__(self, instructions: Sequence[Instruction], number: int) -> None:
        data = bpf.packed(instructions)
        self._number = number
        self._filters = ctypes.create_string_buffer(data, len(data))
        self._header = _Fprog(len(instructions), ctypes.cast(self._filters, ctypes.c_void_p))

    @classmethod
    def of(cls, profile: Profile) -> Program:
        """`profile` for this machine."""
        machine = architecture()
        return cls(bpf.assemble(profile, machine), machine.numbers["seccomp"])

    def load(self, system: System) -> Prepared:
        """Confine every thread of this process, for good; needs no_new_privs. Its answer is a thread left out."""
        return system.syscall(self._number, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(self._header))


class _Fprog(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filters", ctypes.c_void_p)]
