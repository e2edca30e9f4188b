# technique: use the one socket for what it is not there for
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).shutdown(3, 2) == 0:
        return obj["reached"]
