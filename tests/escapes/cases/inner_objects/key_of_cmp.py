# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from functools import cmp_to_key
    return obj["reached"] if cmp_to_key(lambda a, b: 0)(obj).obj else None
