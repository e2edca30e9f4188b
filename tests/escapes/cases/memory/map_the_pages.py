# technique: take more memory than a run may have
# source: manual pages of Linux
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry OSError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import mmap
    mmap.mmap(-1, min(obj["spec"]["much"] * 100_000, 300_000_000))
    return obj["reached"]
