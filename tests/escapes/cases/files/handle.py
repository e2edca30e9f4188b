# technique: reach a file by a way that names none of the calls
# source: writing on container escapes by open_by_handle_at
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a file system may have no handles
def reconcile(obj, ctx):
    import ctypes
    handle = ctypes.create_string_buffer(bytes([128, 0, 0, 0]), 136)
    mount = ctypes.c_int()
    if ctypes.CDLL(None).syscall(303, -100, b"/etc/passwd", handle, ctypes.byref(mount), 0) == 0:
        return obj["reached"]
