# technique: leave something in the kernel for another tenant
# source: System V IPC, svipc(7)
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    call = ctypes.CDLL(None).syscall
    key = call(64, 0, 1, 0o600)
    if key >= 0:
        call(66, key, 0, 0)
        return obj["reached"]
