# technique: change what other runs share
# source: our own review
# layers: policy
# expect: rejected CHK131
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import random
    random.seed(1)
    return obj["reached"]
