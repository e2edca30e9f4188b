# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return [one for one in [1] if ctx._secret][0] and obj["reached"]
