# technique: use a text that is one thing when checked and another when used
# source: advisories of RestrictedPython
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    class Sly(str):
        def startswith(self, *prefixes):
            return False
    return getattr(ctx, Sly("_secret"))
