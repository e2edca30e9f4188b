# technique: catch what is not an ordinary exception
# source: the language reference
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def one():
        try:
            yield 1
        except GeneratorExit:
            seen.append(1)
    seen = []
    made = one()
    next(made)
    del made
    return obj["reached"] if seen else None
