# technique: outlast the deadline
# source: CPython 3.13: a signal inside finally can be swallowed
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    n = 0
    while n < obj["spec"]["much"]:
        try:
            n = n + 1
        finally:
            continue
    return obj["reached"]
