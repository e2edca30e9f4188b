# technique: make another process, thread or program
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    import os
    import struct
    pid = ctypes.CDLL(None).syscall(435, struct.pack("=8Q", 0, 0, 0, 0, 17, 0, 0, 0), 64)
    if pid == 0:
        os._exit(0)
    return obj["reached"] if pid > 0 else None
