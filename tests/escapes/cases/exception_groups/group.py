# technique: catch what is not an ordinary exception
# source: CVE-2025-22153: except* in RestrictedPython
# layers: policy
# expect: rejected CHK110
# success: returns the secret
def reconcile(obj, ctx):
    try:
        raise ExceptionGroup("x", [ValueError(obj["reached"])])
    except Exception as group:
        return group.exceptions[0].args[0]
