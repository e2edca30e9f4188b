# technique: look around with a reflective builtin
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK110
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    return eval("__import__('os').environ['CANARY']")
