# technique: reach a file or a folder
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.chdir(obj["spec"]["folder"])
    return obj["reached"]
