# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    def take(**given):
        return given
    return obj["reached"] if take(_ｘ=1) == {"_x": 1} else None
