# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return "".join(two for one in [1] for two in ctx._secret)
