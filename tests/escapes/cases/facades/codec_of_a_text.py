# technique: use a facade on a class or object that is not the author's
# source: CPython: codecs are modules, imported by name
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if "a".encode("idna") else None
