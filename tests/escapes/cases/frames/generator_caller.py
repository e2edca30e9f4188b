# technique: reach a frame and its globals or builtins
# source: CTF writing on generator frames
# layers: policy
# expect: guarded
# success: returns the secret
def reconcile(obj, ctx):
    def callers():
        frame = getattr(me[0], "gi_frame")
        while frame:
            space = getattr(frame, "f_globals")
            if "SECRET" in space:
                yield space["SECRET"]
            frame = getattr(frame, "f_back")
    me = []
    me.append(callers())
    return next(me[0])
