# technique: declare a private name in another scope
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    _kept = None
    def inner():
        nonlocal _kept
        _kept = obj["reached"]
    inner()
    return _kept
