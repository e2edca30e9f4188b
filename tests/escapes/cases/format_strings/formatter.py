# technique: let a format text read attributes
# source: public writing on str.format injection; advisories of RestrictedPython
# layers: policy
# expect: rejected CHK131
# success: returns the secret
def reconcile(obj, ctx):
    import string
    return string.Formatter().vformat("{0._secret}", (ctx,), {})
