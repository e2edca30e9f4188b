# technique: choose how a class is made
# source: our own review
# layers: policy
# expect: rejected CHK121
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if Exception.mro() else None
