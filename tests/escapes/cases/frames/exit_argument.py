# technique: reach a frame and its globals or builtins
# source: our own review
# layers: policy
# expect: rejected CHK121
# success: returns the secret
def reconcile(obj, ctx):
    found = []
    class Catch:
        def __enter__(self):
            return self
        def __exit__(self, kind, error, trace):
            found.append(trace.tb_frame.f_back.f_globals["SECRET"])
            return True
    with Catch():
        1 / 0
    return found
