# technique: catch what is not an ordinary exception
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        raise SystemExit
    except SystemExit:
        return obj["reached"]
