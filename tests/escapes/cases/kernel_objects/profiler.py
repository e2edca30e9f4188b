# technique: have the kernel make something new
# source: CVE-2013-2094: perf_event_open
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a setting of the kernel
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(298, ctypes.create_string_buffer(b"\1\0\0\0\x80", 128), 0, -1, -1, 0) >= 0:
        return obj["reached"]
