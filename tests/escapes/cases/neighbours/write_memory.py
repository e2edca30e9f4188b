# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: Yama may forbid it to everybody
def reconcile(obj, ctx):
    import ctypes
    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))
    here = ctypes.create_string_buffer(b"a secret")
    vector = Vector(ctypes.addressof(here), 8)
    there = Vector(obj["spec"]["address"], 8)
    call = ctypes.CDLL(None).syscall
    if call(311, obj["spec"]["parent"], ctypes.byref(vector), 1, ctypes.byref(there), 1, 0) == 8:
        return obj["reached"]
