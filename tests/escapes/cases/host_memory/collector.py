# technique: find what the host knows in the memory of a worker
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns the secret
def reconcile(obj, ctx):
    import gc
    for one in gc.get_objects():
        if type(one) is dict and "SECRET" in one:
            return one["SECRET"]
