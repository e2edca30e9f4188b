# technique: reach a file by a way that names none of the calls
# source: CPython: a traceback reads the source file that it names
# layers: policy, cage
# expect: rejected CHK130
# cage: Succeeded
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import linecache
    if linecache.getlines("/etc/passwd"):
        return obj["reached"]
