# technique: use a facade on a class or object that is not the author's
# source: our own survey of collections
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from collections import namedtuple
    Point = namedtuple("Point", "x")
    return obj["reached"] if Point.__match_args__ else None
