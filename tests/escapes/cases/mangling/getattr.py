# technique: let name mangling make a private name
# source: the language reference
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    return getattr(ctx, "_Ctx__hidden")
