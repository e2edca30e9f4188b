# technique: take more memory than a run may have
# source: our own review
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    items = []
    while len(items) < min(obj["spec"]["much"], 10**9):
        items.extend(items or [0])
    return obj["reached"]
