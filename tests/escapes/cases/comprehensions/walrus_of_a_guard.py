# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    [_getattr_ := (lambda one, name: obj["reached"]) for one in [1]]
    return _getattr_(obj, "x")
