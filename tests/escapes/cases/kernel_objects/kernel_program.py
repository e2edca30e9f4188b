# technique: have the kernel make something new
# source: CVE-2020-8835: the verifier of BPF
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a setting of the kernel
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(b"\2\0\0\0\4\0\0\0\4\0\0\0\1", 120), 120) >= 0:
        return obj["reached"]
