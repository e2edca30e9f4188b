# technique: import what is not offered
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    import importlib
    return importlib.import_module("os").environ["CANARY"]
