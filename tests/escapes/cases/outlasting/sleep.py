# technique: outlast the deadline
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK131
# cage: Retry PermissionError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import time
    time.sleep(obj["spec"]["much"] / 10**6)
    return obj["reached"]
