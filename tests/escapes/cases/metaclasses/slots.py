# technique: choose how a class is made
# source: the language reference
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        __slots__ = ("a",)
    return obj["reached"] if Mine.a else None
