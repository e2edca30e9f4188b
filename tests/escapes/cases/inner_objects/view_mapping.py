# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if obj.keys().mapping else None
