# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK143
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Mine:
        def __ｄｅｌ__(self):
            seen.append(1)
    seen = []
    Mine()
    return obj["reached"] if seen else None
