# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK111
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    _ｇetattr_ = lambda one, name: obj["reached"]
    return obj.keys and _getattr_(1, 2)
