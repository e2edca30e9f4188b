# technique: outlast the deadline
# source: the language reference: iter() with a sentinel
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    n = 0
    for one in map(lambda x: x, iter(lambda: 1, 2)):
        n = n + one
        if n >= obj["spec"]["much"]:
            return obj["reached"]
