# technique: make another process, thread or program
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: the new program says the secret
def reconcile(obj, ctx):
    import os
    os.execv("/bin/sh", ["sh", "-c", "echo " + obj["reached"] + " >&3"])
