# technique: have memory that may be executed
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_long
    if libc.mmap(None, 4096, 1, 2, 3, 0) in (-1, 0):
        libc.syscall(319, b"x", 0)
    return obj["reached"]
