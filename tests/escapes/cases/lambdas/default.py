# technique: hide a reach in a default or a lambda
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return (lambda get=ctx.get: get.__func__.__globals__["SECRET"])()
