# technique: use the one socket for what it is not there for
# source: CVE-2025-38236: MSG_OOB on unix sockets
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).send(3, b"x", 1, 1) == 1:
        return obj["reached"]
