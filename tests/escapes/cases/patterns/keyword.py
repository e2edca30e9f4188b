# technique: read an attribute by a pattern, past the guard on attributes
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK145
# success: returns the secret
def reconcile(obj, ctx):
    match ctx:
        case object(_secret=found):
            return found
