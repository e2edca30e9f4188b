# technique: outlast the deadline
# source: our own review
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    n = 0
    while n < obj["spec"]["much"]:
        n = n + 1
    return obj["reached"]
