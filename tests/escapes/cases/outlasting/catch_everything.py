# technique: outlast the deadline
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK110
# cage: TimedOut
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    n = 0
    while n < obj["spec"]["much"]:
        try:
            while n < obj["spec"]["much"]:
                n = n + 1
        except BaseException:
            pass
    return obj["reached"]
