# technique: have memory that may be executed
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    import mmap
    page = mmap.mmap(-1, 8192)
    where = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    ctypes.CDLL(None).syscall(216, where, 4096, 0, 1, 0)
    return obj["reached"]
