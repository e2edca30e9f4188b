# technique: have an annotation evaluated
# source: the language reference
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    class Mine:
        x: ctx._secret = 1
    return Mine.__annotations__["x"]
