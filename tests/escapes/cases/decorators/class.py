# technique: call something by decorating
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    @(lambda cls: getattr(cls, "__" + "module" + "__"))
    class Found:
        pass
    return obj["reached"] if Found else None
