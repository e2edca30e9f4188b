# technique: find a real module among the attributes of an offered one
# source: our own survey of public module attributes
# layers: policy
# expect: rejected CHK131
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import base64
    return obj["reached"] if base64.struct else None
