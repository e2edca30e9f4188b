# technique: outlast the deadline
# source: our own review
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    def tick():
        n = 0
        while True:
            n = n + 1
            yield n
    for n in tick():
        if n >= obj["spec"]["much"]:
            return obj["reached"]
