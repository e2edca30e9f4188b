# technique: give a source that the checker cannot survive
# source: our own review
# layers: policy
# expect: rejected CHK150
# success: returns obj["reached"] once it has done what no author may
reconcile = lambda obj, ctx: obj["reached"]
other = "def reconcile"
