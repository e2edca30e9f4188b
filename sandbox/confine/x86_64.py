"""The system call numbers of x86_64 that some profile names; another architecture is another such file.

Source: the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`, which the headers give out as `asm/unistd_64.h`.
A number never changes, so the table does not age; a test holds it against the headers of the machine.
"""

from __future__ import annotations

from sandbox.confine.bpf import Architecture

X86_64 = Architecture(
    name="x86_64",
    audit=0xC000003E,
    x32=True,
    numbers={
        "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7,
        "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "writev": 20, "access": 21,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "dup": 32, "dup2": 33, "nanosleep": 35,
        "getpid": 39, "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45,
        "sendmsg": 46, "recvmsg": 47, "bind": 49, "listen": 50, "socketpair": 53, "getsockopt": 55,
        "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "exit": 60, "wait4": 61, "kill": 62,
        "fcntl": 72, "getcwd": 79, "readlink": 89, "umask": 95, "gettimeofday": 96, "getrusage": 98,
        "sysinfo": 99, "ptrace": 101, "getuid": 102, "syslog": 103, "getgid": 104, "geteuid": 107,
        "getegid": 108, "getppid": 110, "setsid": 112, "setgroups": 116, "setresuid": 117,
        "getresuid": 118, "setresgid": 119, "getresgid": 120, "capset": 126, "rt_sigqueueinfo": 129,
        "sigaltstack": 131, "personality": 135, "getpriority": 140, "setpriority": 141,
        "sched_setparam": 142, "sched_setscheduler": 144, "pivot_root": 155, "prctl": 157,
        "chroot": 161, "acct": 163, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
        "reboot": 169, "sethostname": 170, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "gettid": 186, "tkill": 200, "time": 201, "futex": 202,
        "sched_setaffinity": 203, "getdents64": 217, "restart_syscall": 219, "clock_settime": 227,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "tgkill": 234, "kexec_load": 246, "waitid": 247, "add_key": 248, "request_key": 249,
        "keyctl": 250, "ioprio_set": 251, "migrate_pages": 256, "openat": 257, "newfstatat": 262,
        "readlinkat": 267, "faccessat": 269, "unshare": 272, "set_robust_list": 273, "move_pages": 279,
        "accept4": 288, "dup3": 292, "rt_tgsigqueueinfo": 297, "perf_event_open": 298,
        "fanotify_init": 300, "prlimit64": 302, "name_to_handle_at": 303, "open_by_handle_at": 304,
        "sendmmsg": 307, "setns": 308, "getcpu": 309, "process_vm_readv": 310, "process_vm_writev": 311,
        "kcmp": 312, "finit_module": 313, "sched_setattr": 314, "seccomp": 317, "getrandom": 318,
        "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "preadv2": 327,
        "statx": 332, "rseq": 334, "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
        "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
        "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435, "close_range": 436,
        "pidfd_getfd": 438, "faccessat2": 439, "process_madvise": 440, "mount_setattr": 442,
        "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
        "memfd_secret": 447,
    },
)  # fmt: skip
