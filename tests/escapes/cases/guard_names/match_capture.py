# technique: bind the name of a guard
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    match obj:
        case {"metadata": _write_}:
            pass
    return obj["reached"]
