# technique: declare a private name in another scope
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    _kept_ = None
    def inner():
        nonlocal _kept_
        _kept_ = obj["reached"]
    inner()
    return _kept_
