# technique: find what the host knows in the memory of a worker
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns the secret
def reconcile(obj, ctx):
    import sys
    frame = sys._getframe()
    while frame:
        if "SECRET" in frame.f_globals:
            return frame.f_globals["SECRET"]
        frame = frame.f_back
