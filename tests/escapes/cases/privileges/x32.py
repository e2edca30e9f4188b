# technique: call the kernel by other numbers
# source: seccomp(2): x32 has the same architecture word and other numbers
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: few kernels have x32
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(0x40000000 | 39) > 0:
        return obj["reached"]
