# technique: have an f-string read what it may not
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return f"{(found := ctx._secret)}" and found
