# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import functools
    return obj["reached"] if getattr(functools.partial(ctx.get), "func") else None
