# technique: let a format text read attributes
# source: public writing on str.format injection; advisories of RestrictedPython
# layers: policy
# expect: rejected CHK121
# success: returns the secret
def reconcile(obj, ctx):
    return "{c._secret}".format_map({"c": ctx})
