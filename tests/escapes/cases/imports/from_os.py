# technique: import what is not offered
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    from os import environ
    return environ["CANARY"]
