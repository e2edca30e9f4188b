# technique: hide a reach in a default or a lambda
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def inner(secret=obj["reached"]):
        return None
    return inner.__defaults__
