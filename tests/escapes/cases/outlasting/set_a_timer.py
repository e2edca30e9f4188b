# technique: take the signal of the deadline away
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import signal
    signal.setitimer(signal.ITIMER_REAL, 100.0)
    return obj["reached"]
