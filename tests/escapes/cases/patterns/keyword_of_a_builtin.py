# technique: read an attribute by a pattern, past the guard on attributes
# source: our own review
# layers: policy
# expect: rejected CHK145
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    match "text":
        case str(__class__=found):
            return obj["reached"]
