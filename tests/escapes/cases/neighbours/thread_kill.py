# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    victim = obj["spec"]["victim"]
    if ctypes.CDLL(None).syscall(234, victim, victim, 0) == 0:
        return obj["reached"]
