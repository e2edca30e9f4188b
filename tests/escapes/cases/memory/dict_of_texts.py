# technique: take more memory than a run may have
# source: our own review
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    table = {}
    while len(table) < obj["spec"]["much"] // 2000:
        table[len(table)] = "x" * 100_000
    return obj["reached"]
