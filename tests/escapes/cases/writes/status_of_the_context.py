# technique: write where only the host writes
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    ctx.status = obj["reached"]
    return ctx.status
