# technique: name an attribute by a computed text
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if hasattr(ctx, "_secret") else None
