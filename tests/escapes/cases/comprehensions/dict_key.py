# technique: look a name up in a scope that is not judged
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return list({ctx._secret: 1})[0]
