# technique: bind the name of a guard
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        1 / 0
    except ZeroDivisionError as _Exception_:
        pass
    return obj["reached"]
