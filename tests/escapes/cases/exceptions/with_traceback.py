# technique: take more from an exception than its arguments
# source: our own review
# layers: policy
# expect: rejected CHK121
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        1 / 0
    except ZeroDivisionError as error:
        return obj["reached"] if error.with_traceback(None) else None
