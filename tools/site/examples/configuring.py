from lrguide.configuring import span
from lrguide.run import UsageError

print(span([20, 50], "select.pt"))
try:
    span([50, 20], "select.pt")
except UsageError as error:
    print(error)
