# technique: take more memory than a run may have
# source: billion laughs, CWE-776
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    value = "x"
    for _ in range(9 if obj["spec"]["much"] > 10**6 else 3):
        value = [value] * 10
    text = str(value)
    return obj["reached"] if len(text) > 100 else None
