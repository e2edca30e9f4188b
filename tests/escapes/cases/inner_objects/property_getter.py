# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        @property
        def size(self):
            return 1
    return obj["reached"] if getattr(Mine.size, "fget") else None
