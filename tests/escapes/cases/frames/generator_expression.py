# technique: reach a frame and its globals or builtins
# source: advisories of RestrictedPython
# layers: policy, cage
# expect: rejected CHK121
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    return (x for x in ()).gi_frame.f_builtins["__import__"]("os").environ["CANARY"]
