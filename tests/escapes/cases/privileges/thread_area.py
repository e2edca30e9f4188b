# technique: become somebody else, or undo what was taken
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import ctypes
    if ctypes.CDLL(None).syscall(158, 0x1003, ctypes.create_string_buffer(8)) == 0:
        return obj["reached"]
