# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    import struct
    info = ctypes.create_string_buffer(struct.pack("=iii", 23, 0, -1), 128)
    if ctypes.CDLL(None).syscall(129, obj["spec"]["victim"], 23, info) == 0:
        return obj["reached"]
