# technique: take more memory than a run may have
# source: our own review
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    [0] * obj["spec"]["much"]
    return obj["reached"]
