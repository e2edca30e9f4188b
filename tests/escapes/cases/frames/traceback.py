# technique: reach a frame and its globals or builtins
# source: folklore of jail CTFs
# layers: policy
# expect: rejected CHK121
# success: returns the secret
def reconcile(obj, ctx):
    try:
        1 / 0
    except ZeroDivisionError as error:
        return error.__traceback__.tb_frame.f_back.f_globals["SECRET"]
