# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        _write_ = lambda one: one
        found = [_write_ for one in [1]] if False else _write_
    return obj["reached"] if Mine.found(1) else None
