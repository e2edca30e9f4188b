# technique: name an attribute by a computed text
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    import functools
    return functools.reduce(getattr, ["get", "__func__", "__globals__"], ctx)["SECRET"]
