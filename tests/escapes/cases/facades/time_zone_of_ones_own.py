# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from datetime import tzinfo
    class Mine(tzinfo):
        pass
    return obj["reached"] if Mine() else None
