# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        x = 1
    del Mine.x
    return obj["reached"]
