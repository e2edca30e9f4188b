# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.setpriority(os.PRIO_PROCESS, obj["spec"]["victim"], 19)
    return obj["reached"]
