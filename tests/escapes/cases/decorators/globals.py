# technique: call something by decorating
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    @(lambda function: function.__globals__["__builtins__"]["__import__"]("os").environ["CANARY"])
    def found():
        pass
    return found
