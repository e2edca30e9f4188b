# technique: make something that grows without bound at the moment of compiling
# source: CPython issue: constant folding
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    n = 2
    n **= 20000
    return obj["reached"]
