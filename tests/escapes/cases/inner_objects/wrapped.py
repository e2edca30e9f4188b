# technique: take what a standard object holds inside
# source: our own review
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from functools import lru_cache
    @lru_cache
    def one():
        return obj["reached"]
    return one.__wrapped__()
