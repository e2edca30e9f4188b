# technique: use the one socket for what it is not there for
# source: SCM_RIGHTS of unix(7)
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import array
    import ctypes
    import struct
    text = ctypes.create_string_buffer(b"x")
    vector = ctypes.create_string_buffer(struct.pack("=QQ", ctypes.addressof(text), 1))
    control = ctypes.create_string_buffer(struct.pack("=Qiii", 20, 1, 1, 3), 24)
    header = struct.pack("=QIIQQQQI4x", 0, 0, 0, ctypes.addressof(vector), 1, ctypes.addressof(control), 24, 0)
    if ctypes.CDLL(None).sendmsg(3, header, 0) == 1:
        return obj["reached"]
