# technique: read a private attribute inside an f-string
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return f"{ctx._secret}"
