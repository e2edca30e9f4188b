# technique: reach a frame and its globals or builtins
# source: CPython's documentation of inspect
# layers: policy, cage
# expect: rejected CHK140
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    async def work():
        return 1
    made = work()
    frame = made.cr_frame
    made.close()
    return frame.f_builtins["__import__"]("os").environ["CANARY"]
