# technique: have memory that may be executed
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    import mmap
    page = mmap.mmap(-1, 4096)
    where = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    if ctypes.CDLL(None).syscall(329, where, 4096, 7, -1) == 0:
        return obj["reached"]
