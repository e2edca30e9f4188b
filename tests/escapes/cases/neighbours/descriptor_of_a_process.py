# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(438, 3, 0, 0) >= 0 or ctypes.CDLL(None).syscall(434, obj["spec"]["parent"], 0) >= 0:
        return obj["reached"]
