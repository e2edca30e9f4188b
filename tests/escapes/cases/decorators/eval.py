# technique: call something by decorating
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK110
# cage: Retry KeyError
# success: returns the secret
def reconcile(obj, ctx):
    @eval
    @(lambda function: "__import__('os').environ['CANARY']")
    def found():
        pass
    return found
