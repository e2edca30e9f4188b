# technique: signal, trace, read or slow another process
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.sched_setaffinity(obj["spec"]["victim"], {0})
    return obj["reached"]
