# technique: import what is not offered
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK111
# success: returns the secret
def reconcile(obj, ctx):
    return __import__("os").environ["CANARY"]
