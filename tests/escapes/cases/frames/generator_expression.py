# technique: reach a frame and its globals or builtins
# source: advisories of RestrictedPython
# layers: policy
# expect: rejected CHK121
# success: returns the secret
def reconcile(obj, ctx):
    return (x for x in ()).gi_frame.f_builtins["__import__"]("os").environ["CANARY"]
