# technique: name an attribute by a computed text
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    from functools import partial
    return partial(getattr, ctx)("_secret")
