# technique: make another process, thread or program
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: the new program says the secret
def reconcile(obj, ctx):
    import os
    os.system("echo " + obj["reached"] + " >&3")
