from lrguide.cli import parser

chosen = parser().parse_args("run 17 -p signal=30 -p sigma=0.04 --out runs".split())
print(chosen.command, chosen.chapters, chosen.parameter, f"into {chosen.out}, {chosen.preset} preset")
