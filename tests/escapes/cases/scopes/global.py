# technique: declare a private name in another scope
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    global __metaclass__
    __metaclass__ = None
    return obj["reached"]
