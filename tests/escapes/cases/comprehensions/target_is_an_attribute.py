# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    [0 for ctx.get in [lambda kind: obj["reached"]]]
    return ctx.get("x")
