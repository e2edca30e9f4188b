# technique: reach a file by a way that names none of the calls
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK110
# cage: Retry PermissionError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    with open("/etc/passwd") as file:
        file.read()
    return obj["reached"]
