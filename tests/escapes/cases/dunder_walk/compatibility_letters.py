# technique: walk from an object to its class and on by dunder attributes
# source: the language reference: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return ctx.get.__𝓰lobals__["SECRET"]
