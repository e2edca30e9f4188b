# technique: find what the host knows in the memory of a worker
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns the secret
def reconcile(obj, ctx):
    import sys
    for module in list(sys.modules.values()):
        found = getattr(module, "SECRET", None)
        if found:
            return found
