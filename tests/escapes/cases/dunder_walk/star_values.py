# technique: walk from an object to its class and on by dunder attributes
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return [*ctx.__dict__.values()]
