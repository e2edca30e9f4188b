# technique: take the signal of the deadline away
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    n = 0
    while n < obj["spec"]["much"]:
        n = n + 1
    return obj["reached"]
