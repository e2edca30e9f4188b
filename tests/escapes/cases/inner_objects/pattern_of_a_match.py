# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import re
    return obj["reached"] if re.match("a", "a").re else None
