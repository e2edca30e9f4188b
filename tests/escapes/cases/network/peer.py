# technique: use the one socket for what it is not there for
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    size = ctypes.c_int(12)
    if ctypes.CDLL(None).getsockopt(3, 1, 17, ctypes.create_string_buffer(12), ctypes.byref(size)) == 0:
        return obj["reached"]
