# technique: write where only the host writes
# source: the language reference
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    global _write_
    _write_ = lambda one: one
    return obj["reached"]
