# technique: have the kernel make something new
# source: CVE-2016-6187 and others: userfaultfd as a tool of exploits
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a setting of the kernel
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(323, 1) >= 0:
        return obj["reached"]
