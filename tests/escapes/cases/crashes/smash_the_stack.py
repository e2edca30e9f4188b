# technique: make the interpreter fall over, and leave the host without an answer
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: Crashed
# success: the process dies
# control: dies
def reconcile(obj, ctx):
    import ctypes
    ctypes.memset(ctypes.addressof(ctypes.c_int()), 65, 8_000_000)
