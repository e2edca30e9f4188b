# technique: have the kernel make something new
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.pipe()
    return obj["reached"]
