from lrguide.cli import parser
from lrguide.hunting import read_spans

typed = "hunt table.csv --mass m_jj --features a b --windows 3300:3700 --range 2500:5000"
print(read_spans(parser().parse_args(typed.split())))
