# technique: import what is not offered
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK131
# success: returns the secret
def reconcile(obj, ctx):
    import operator
    return operator.attrgetter("_secret")(ctx)
