# technique: take more from an exception than its arguments
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine(AttributeError):
        pass
    return obj["reached"]
