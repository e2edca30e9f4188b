# technique: finalise when the run is over
# source: the language reference
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    seen = []
    class Late:
        __del__ = lambda self: seen.append(1)
    Late()
    return obj["reached"] if seen else None
