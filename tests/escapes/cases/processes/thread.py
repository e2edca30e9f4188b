# technique: make another process, thread or program
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: CageViolation
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import _thread
    _thread.start_new_thread(print, ())
    return obj["reached"]
