# technique: look around with a reflective builtin
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK110
# success: returns the secret
def reconcile(obj, ctx):
    return vars(ctx)["_secret"]
