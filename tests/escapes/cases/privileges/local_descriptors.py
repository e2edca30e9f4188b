# technique: become somebody else, or undo what was taken
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
# control: not everywhere: a setting of the kernel
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(154, 0, ctypes.create_string_buffer(16), 16) >= 0:
        return obj["reached"]
