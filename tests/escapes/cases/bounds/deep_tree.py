# technique: give a source that the checker cannot survive
# source: CPython issue 91679: deep nesting and the C stack
# layers: policy
# expect: rejected CHK105
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if ----------------------------------------------------------------------1 else None
