# technique: call the kernel by other numbers
# source: seccomp(2): an argument has 64 bits, a descriptor 32
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: the text arrives
def reconcile(obj, ctx):
    import ctypes
    text = obj["reached"].encode()
    ctypes.CDLL(None).syscall(1, ctypes.c_long(3 | 1 << 32), text, len(text))
