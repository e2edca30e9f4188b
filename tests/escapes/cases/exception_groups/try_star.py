# technique: catch what is not an ordinary exception
# source: CVE-2025-22153: except* in RestrictedPython
# layers: policy
# expect: rejected CHK140
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        1 / 0
    except* ZeroDivisionError as group:
        found = group.exceptions
    return obj["reached"] if found else None
