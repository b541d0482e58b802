from lrguide.doctor import declared, installed

for requirement in declared()["site"]:
    print(requirement, "is here" if installed(requirement.name) else "is missing")
