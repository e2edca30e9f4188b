# technique: look around with a reflective builtin
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return type(ctx.get)(lambda self: obj["reached"], ctx)()
