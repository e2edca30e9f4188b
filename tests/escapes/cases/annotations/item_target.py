# technique: have a type do what an annotation says
# source: the language reference
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    table = {}
    table["x"]: int = 1
    return obj["reached"] if table else None
