# technique: bind the name of a guard
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    dict(_getattr_=1)
    return obj["reached"]
