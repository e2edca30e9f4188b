# technique: catch what is not an ordinary exception
# source: CVE-2025-22153: except* in RestrictedPython
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine(ExceptionGroup):
        pass
    return obj["reached"] if Mine("x", [ValueError()]) else None
