# technique: walk from an object to its class and on by dunder attributes
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK120
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    for cls in ().__class__.__base__.__subclasses__():
        if cls.__name__ == "_wrap_close":
            return cls.__init__.__globals__["environ"]["CANARY"]
