# technique: choose how a class is made
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        pass
    return obj["reached"] if Mine.__class__("X", (), {}) else None
