# technique: have the kernel make something new
# source: CVE-2022-29582 and its kin: io_uring
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a setting of the kernel
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(425, 4, ctypes.create_string_buffer(120)) >= 0:
        return obj["reached"]
