# technique: send something into a generator from outside
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def waiting():
        try:
            yield
        except ValueError:
            yield obj["reached"]
    made = waiting()
    next(made)
    return made.throw(ValueError)
