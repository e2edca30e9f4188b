# technique: hide a reach in a default or a lambda
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    hidden = obj["reached"]
    return (lambda: hidden).__closure__[0].cell_contents
