# technique: finalise when the run is over
# source: the language reference
# layers: policy
# expect: rejected CHK143
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def same(function):
        return function
    class Late:
        @same
        def __del__(self):
            seen.append(1)
    seen = []
    Late()
    return obj["reached"] if seen else None
