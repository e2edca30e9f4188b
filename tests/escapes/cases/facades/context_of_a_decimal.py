# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: rejected CHK131
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from decimal import localcontext
    with localcontext() as here:
        here.prec = 3
        return obj["reached"]
