# technique: become somebody else, or undo what was taken
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.umask(0o22)
    return obj["reached"]
