# technique: import what is not offered
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK111
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    return __import__("os").environ["CANARY"]
