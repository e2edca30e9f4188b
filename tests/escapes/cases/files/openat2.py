# technique: reach a file by a way that names none of the calls
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    import struct
    if ctypes.CDLL(None).syscall(437, -100, b"/etc/passwd", struct.pack("=QQQ", 0, 0, 0), 24) >= 0:
        return obj["reached"]
