# technique: write where only the host writes
# source: our own review
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    ctx.run = obj["reached"]
    return ctx.run
