# technique: read an attribute by a pattern, past the guard on attributes
# source: our own review
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Pair:
        __match_args__ = ("_inner",)
        def __init__(self):
            self._inner = obj["reached"]
    match Pair():
        case Pair(found):
            return found
