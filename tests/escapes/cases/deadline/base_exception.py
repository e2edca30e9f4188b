# technique: swallow the deadline
# source: our own review
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        ctx.deadline()
    except BaseException:
        return obj["reached"]
