# technique: take more memory than a run may have
# source: CPython issue: a width in a format is an allocation
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    "%*d" % (min(obj["spec"]["much"], 10**9), 1)
    return obj["reached"]
