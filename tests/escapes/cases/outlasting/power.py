# technique: outlast the deadline
# source: CPython issue 90716: arithmetic of long integers
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    pow(3, obj["spec"]["much"], 0) if obj["spec"]["much"] < 0 else (7 ** (obj["spec"]["much"] // 10**4))
    return obj["reached"]
