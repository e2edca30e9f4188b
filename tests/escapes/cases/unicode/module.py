# technique: name an attribute with letters that are normalised
# source: PEP 3131: identifiers are normalised by NFKC
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry
# success: returns the secret
def reconcile(obj, ctx):
    import ｏｓ
    return ｏｓ.environ["CANARY"]
