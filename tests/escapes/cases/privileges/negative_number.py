# technique: call the kernel by other numbers
# source: seccomp(2): the number is compared without a sign
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    ctypes.CDLL(None).syscall(-1)
    return obj["reached"]
