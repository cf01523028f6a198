#!/bin/sh
# The inputs that a fuzzer begins with, and those it found something with, once more.
. "$(dirname "$0")/../tap.sh"
here=$(dirname "$0")

for entry in "$here"/*.c; do
  name=$(basename "$entry" .c)
  [ -x "${BUILD:-build}/tests/replay-$name" ] || continue
  set -- "$here"/../mail/*/*.eml
  [ -d "$here/$name" ] && set -- "$@" "$here/$name"/*
  same $# "$name survives its inputs" "${BUILD:-build}/tests/replay-$name" "$@"
done
done_testing
