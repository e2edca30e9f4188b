# technique: outlast the deadline
# source: CPython: signals are handled between instructions only
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    sum(range(obj["spec"]["much"]))
    return obj["reached"]
