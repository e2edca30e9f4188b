# technique: read an attribute by a pattern, past the guard on attributes
# source: our own review
# layers: policy
# expect: rejected CHK145
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    match {obj["reached"]: 1}:
        case {ctx._secret: found}:
            return obj["reached"]
