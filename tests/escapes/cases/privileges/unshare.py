# technique: become somebody else, or undo what was taken
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: the superuser only
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).unshare(0x40000000) == 0:
        return obj["reached"]
