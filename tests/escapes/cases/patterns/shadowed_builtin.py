# technique: read an attribute by a pattern, past the guard on attributes
# source: our own review
# layers: policy
# expect: rejected CHK145
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Probe:
        x = obj["reached"]
    str = Probe
    match Probe():
        case str(x=found):
            return found
