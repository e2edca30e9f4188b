# technique: call the kernel by other numbers
# source: CVE-2014-3153: futex requeue and priority inheritance
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    word = ctypes.c_uint(0)
    if ctypes.CDLL(None).syscall(202, ctypes.byref(word), 6, 0, None, None, 0) == 0:
        return obj["reached"]
