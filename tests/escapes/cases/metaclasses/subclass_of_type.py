# technique: choose how a class is made
# source: the language reference
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Meta(type):
        pass
    return obj["reached"]
