# technique: make another process, thread or program
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import os
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    return obj["reached"]
