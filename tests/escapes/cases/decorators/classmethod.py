# technique: call something by decorating
# source: the language reference
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        @classmethod
        def go(cls):
            return obj["reached"]
    return Mine.go()
