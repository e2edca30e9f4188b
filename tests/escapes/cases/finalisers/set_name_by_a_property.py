# technique: finalise when the run is over
# source: the language reference
# layers: policy
# expect: rejected CHK143
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    seen = []
    class Told:
        def __set_name__(self, owner, name):
            seen.append(owner)
    class Mine:
        x = Told()
    return obj["reached"] if seen else None
