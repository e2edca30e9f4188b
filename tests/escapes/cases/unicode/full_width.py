# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy
# expect: rejected CHK120
# success: returns the secret
def reconcile(obj, ctx):
    return ctx._ｓｅｃｒｅｔ
