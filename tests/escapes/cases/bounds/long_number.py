# technique: give a source that the checker cannot survive
# source: CVE-2020-10735: quadratic conversion of digits
# layers: policy
# expect: rejected CHK106
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if 9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999 else None
