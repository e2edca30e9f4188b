# technique: reach a frame and its globals or builtins
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    found = []
    class Catch:
        def __enter__(self):
            return self
        @property
        def __exit__(self):
            return lambda kind, error, trace: found.append(trace) or True
    with Catch():
        1 / 0
    return obj["reached"] if found[0] is not None else None
