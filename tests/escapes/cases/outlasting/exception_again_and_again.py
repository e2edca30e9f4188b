# technique: outlast the deadline
# source: our own review
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    def again(n):
        try:
            return again(n + 1) if n < 50 else n // 0
        except ZeroDivisionError:
            return n
    total = 0
    while total < obj["spec"]["much"]:
        total = total + again(0) + 50
    return obj["reached"]
