# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(251, 1, obj["spec"]["victim"], 3 << 13) == 0:
        return obj["reached"]
