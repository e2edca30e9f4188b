# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from enum import Enum
    class Phase(str, Enum):
        A = "abc"
    return obj["reached"] if Phase.A.encode("utf-16") else None
