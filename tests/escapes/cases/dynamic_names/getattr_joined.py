# technique: name an attribute by a computed text
# source: folklore of jail CTFs
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    return getattr(ctx.get, "__" + "globals" + "__")["SECRET"]
