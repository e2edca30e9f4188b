# technique: reach a frame and its globals or builtins
# source: CPython's documentation of inspect
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def inner():
        return 0
    inner.__code__ = inner.__code__.replace(co_consts=(None, obj["reached"]))
    return inner() or obj["reached"]
