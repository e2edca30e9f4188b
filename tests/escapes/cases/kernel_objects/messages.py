# technique: leave something in the kernel for another tenant
# source: System V IPC, svipc(7)
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    call = ctypes.CDLL(None).syscall
    key = call(68, 0, 0o600)
    if key >= 0:
        call(71, key, 0)
        return obj["reached"]
