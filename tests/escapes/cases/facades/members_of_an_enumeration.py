# technique: use a facade on a class or object that is not the author's
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from enum import Enum
    class Phase(Enum):
        A = 1
    return obj["reached"] if Phase.__members__ else None
