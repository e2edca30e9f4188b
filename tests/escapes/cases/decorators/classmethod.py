# technique: call something by decorating
# source: the language reference
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        go = classmethod(staticmethod(lambda *_: obj["reached"]))
    return Mine.go()
