# technique: bind the name of a guard
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class __metaclass__:
        pass
    return obj["reached"]
