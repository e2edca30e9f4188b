# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK110
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"] if ｏｐｅｎ else None
