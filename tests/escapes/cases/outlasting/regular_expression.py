# technique: outlast the deadline
# source: CWE-1333: backtracking without end
# layers: cage
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import re
    re.match("(a+)+$", "a" * (16 if obj["spec"]["much"] < 10**6 else 40) + "b")
    return obj["reached"]
