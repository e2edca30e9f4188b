"""What an operator can do about a layer that is missing: one sentence each, for every place that names it."""

from __future__ import annotations

REMEDIES = {
    "kernel": "run it on Linux: the cage is made of what that kernel offers",
    "process": "let the container's seccomp profile allow setsid, prctl, dup2 and close_range",
    "identity": "run the host as a user that is not root, or as root with CAP_SETUID and CAP_SETGID",
    "no_new_privs": "use Linux 3.5 or newer, and let the container's seccomp profile allow prctl",
    "executable_memory": "nothing must be done; Linux 6.3 or newer has it, and seccomp refuses the same",
    "landlock": (
        "use Linux 5.13 or newer with landlock in the kernel's lsm= list, and let the container's seccomp profile "
        "allow system calls 444 to 446; where that cannot be had (gVisor), allow the host to go without it: "
        "CHAKRATOR_ALLOW_DEGRADED=landlock"
    ),
    "rlimits": "let the container's seccomp profile allow prlimit64; nothing waives this layer",
    "seccomp": (
        "use Linux 4.14 or newer with CONFIG_SECCOMP_FILTER on x86_64 or aarch64, and let the container's seccomp "
        "profile allow seccomp; nothing waives this layer"
    ),
    "namespaces": "nothing must be done; no claim rests on them",
    "oom_score": "nothing must be done; the kernel may then end the host before a worker when memory runs out",
    "proc": "mount /proc in the container",
    "pidfd": "use Linux 5.3 or newer, or a gVisor that has pidfd_open: workers are killed by such descriptors alone",
    "processes": "raise the limit on processes: `pids` of the pod or cgroup, or RLIMIT_NPROC of the user",
    "zygote": "look at what limits memory and CPU of the host, and start it again",
}


def remedy(layer: str) -> str:
    """The sentence for this layer; empty where we have none."""
    return REMEDIES.get(layer, "")
