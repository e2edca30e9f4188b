# technique: outlast the deadline
# source: our own review
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    class Slow:
        def __init__(self, n):
            self.n = n
        def __lt__(self, other):
            n = 0
            while n < obj["spec"]["much"]:
                n = n + 1
            return False
    sorted([Slow(1), Slow(2)])
    return obj["reached"]
