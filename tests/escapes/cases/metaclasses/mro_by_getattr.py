# technique: choose how a class is made
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if getattr(Exception, "mr" + "o")() else None
