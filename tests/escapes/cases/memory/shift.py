# technique: take more memory than a run may have
# source: CPython: a shift allocates its whole result
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    1 << (obj["spec"]["much"] * 8)
    return obj["reached"]
