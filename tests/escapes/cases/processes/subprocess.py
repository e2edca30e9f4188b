# technique: make another process, thread or program
# source: folklore of jail CTFs
# layers: policy, cage
# expect: rejected CHK130
# cage: Retry ModuleNotFoundError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    import subprocess
    subprocess.run(["/bin/true"], check=True)
    return obj["reached"]
