# technique: take more memory than a run may have
# source: our own review
# layers: cage
# cage: OutOfMemory
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    text = "x"
    while len(text) < obj["spec"]["much"]:
        text = text + text
    return obj["reached"]
