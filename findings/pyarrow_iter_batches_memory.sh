#!/usr/bin/env bash
# pyarrow 26.0.1, a Parquet file read with ParquetFile(path).iter_batches(65536), each batch looked at and dropped.
# Expected: memory for some batches, or a row group, whatever the size of the file.
# Seen: what was read stays in memory until the end, by default (pre_buffer=True): 32 and 256 MB of data (in groups of 100,000 rows) peak at about 156
# and 435 MiB. With pre_buffer=False both take about 125 MiB. Events that are larger than the memory need the latter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 pyarrow==26.0.1 2>/dev/null
cd "$folder"
cat > make.py <<'END'
import numpy as np
import pyarrow
import pyarrow.parquet as parquet
rng = np.random.default_rng(1)
names = [f"column_{k}" for k in range(8)]
for groups in (5, 40):
    with parquet.ParquetWriter(f"{groups}.parquet", pyarrow.schema([(name, pyarrow.float64()) for name in names])) as file:
        for _ in range(groups):
            file.write_table(pyarrow.table({name: rng.random(100_000) for name in names}))
END
cat > read.py <<'END'
import resource
import sys
import pyarrow.parquet as parquet
options = {} if sys.argv[2] == "default" else {"pre_buffer": False}
rows = sum(batch.num_rows for batch in parquet.ParquetFile(sys.argv[1], **options).iter_batches(65536))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, rows)
END
"$folder/venv/bin/python" make.py
declare -A peak
for options in default without; do
  for groups in 5 40; do
    read -r "peak[$options$groups]" rows < <("$folder/venv/bin/python" read.py "$groups.parquet" "$options")
    echo "$options, $rows rows: ${peak[$options$groups]} MiB"
  done
done
(( peak[default40] > peak[default5] + 150 ))
(( peak[without40] < peak[without5] + 30 ))
