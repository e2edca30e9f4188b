# technique: look around with a reflective builtin
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK110
# success: returns the secret
def reconcile(obj, ctx):
    space = {}
    exec("import os; found = os.environ['CANARY']", space)
    return space["found"]
