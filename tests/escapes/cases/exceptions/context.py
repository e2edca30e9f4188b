# technique: take more from an exception than its arguments
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK120
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            [][1]
    except IndexError as error:
        return obj["reached"] if error.__context__ else None
