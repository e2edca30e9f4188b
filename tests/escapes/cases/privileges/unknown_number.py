# technique: call the kernel by other numbers
# source: an allow-list must not know what comes next
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    ctypes.CDLL(None).syscall(470, 0, 0, 0)
    return obj["reached"]
