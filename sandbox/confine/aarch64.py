"""The system call numbers of aarch64 that some profile names.

Source: the kernel's `include/uapi/asm-generic/unistd.h`, whose table aarch64 takes whole, for 64-bit words.
What newer calls made superfluous was never given to it: those names are listed as absent, so that a name
that is in neither list is a mistake and no program is built.
"""

from __future__ import annotations

from sandbox.confine.bpf import Architecture

AARCH64 = Architecture(
    name="aarch64",
    audit=0xC00000B7,
    absent=frozenset(
        (
            "access", "dup2", "fork", "ioperm", "iopl", "lstat", "open", "poll", "readlink", "stat",
            "time", "vfork",
        )
    ),
    numbers={
        "getcwd": 17, "dup": 23, "dup3": 24, "fcntl": 25, "ioctl": 29, "ioprio_set": 30, "umount2": 39,
        "mount": 40, "pivot_root": 41, "faccessat": 48, "chroot": 51, "openat": 56, "close": 57,
        "quotactl": 60, "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "writev": 66,
        "readlinkat": 78, "newfstatat": 79, "fstat": 80, "acct": 89, "capset": 91, "personality": 92,
        "exit": 93, "exit_group": 94, "waitid": 95, "unshare": 97, "futex": 98, "set_robust_list": 99,
        "nanosleep": 101, "kexec_load": 104, "init_module": 105, "delete_module": 106,
        "clock_settime": 112, "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115,
        "syslog": 116, "ptrace": 117, "sched_setparam": 118, "sched_setscheduler": 119,
        "sched_setaffinity": 122, "sched_yield": 124, "restart_syscall": 128, "kill": 129, "tkill": 130,
        "tgkill": 131, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
        "rt_sigqueueinfo": 138, "rt_sigreturn": 139, "setpriority": 140, "getpriority": 141,
        "reboot": 142, "setresuid": 147, "getresuid": 148, "setresgid": 149, "getresgid": 150,
        "setsid": 157, "setgroups": 159, "sethostname": 161, "getrusage": 165, "umask": 166,
        "prctl": 167, "getcpu": 168, "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174,
        "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179, "socket": 198,
        "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206,
        "recvfrom": 207, "getsockopt": 209, "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215,
        "mremap": 216, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220, "execve": 221,
        "mmap": 222, "swapon": 224, "swapoff": 225, "mprotect": 226, "madvise": 233,
        "migrate_pages": 238, "move_pages": 239, "rt_tgsigqueueinfo": 240, "perf_event_open": 241,
        "accept4": 242, "wait4": 260, "prlimit64": 261, "fanotify_init": 262, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "setns": 268, "sendmmsg": 269, "process_vm_readv": 270,
        "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "sched_setattr": 274,
        "seccomp": 277, "getrandom": 278, "memfd_create": 279, "bpf": 280, "userfaultfd": 282,
        "preadv2": 286, "statx": 291, "rseq": 293, "kexec_file_load": 294, "pidfd_send_signal": 424,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
        "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
        "pidfd_open": 434, "clone3": 435, "close_range": 436, "pidfd_getfd": 438, "faccessat2": 439,
        "process_madvise": 440, "mount_setattr": 442, "landlock_create_ruleset": 444,
        "landlock_add_rule": 445, "landlock_restrict_self": 446, "memfd_secret": 447,
    },
)  # fmt: skip
