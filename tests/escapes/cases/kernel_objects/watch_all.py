# technique: have the kernel make something new
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: the superuser only
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(300, 0, 0) >= 0:
        return obj["reached"]
