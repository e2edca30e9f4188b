# technique: take more memory than a run may have
# source: our own review
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    ("a" * 10_000).replace("a", "b" * min(obj["spec"]["much"], 10**7))
    return obj["reached"]
