# technique: have the kernel make something new
# source: CVE-2016-0728: keyrings
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a container may forbid it
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(248, b"user", b"escape", b"x", 1, -2) >= 0:
        return obj["reached"]
