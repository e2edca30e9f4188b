# technique: find what the host knows in the memory of a worker
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns the secret
def reconcile(obj, ctx):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    return libc.getenv(b"CANARY")
