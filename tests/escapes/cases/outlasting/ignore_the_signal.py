# technique: take the signal of the deadline away
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry PermissionError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import signal
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    return obj["reached"]
