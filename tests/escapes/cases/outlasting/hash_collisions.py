# technique: outlast the deadline
# source: CVE-2012-1150: colliding hashes
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    step = 2**61 - 1
    table = {}
    for n in range(min(obj["spec"]["much"], 10**6)):
        table[n * step] = n
    return obj["reached"]
