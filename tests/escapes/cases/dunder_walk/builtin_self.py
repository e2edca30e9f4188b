# technique: walk from an object to its class and on by dunder attributes
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK120
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    return len.__self__.__import__("os").environ["CANARY"]
