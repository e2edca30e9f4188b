# technique: declare a private name in another scope
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK111
# success: returns the secret
def reconcile(obj, ctx):
    return __builtins__["__import__"]("os").environ["CANARY"]
