# technique: name an attribute by a computed text
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    return list(map(getattr, [ctx], ["_secret"]))
