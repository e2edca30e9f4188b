# technique: choose how a class is made
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine(dict):
        def __eq__(self, other):
            return True
    return obj["reached"]
