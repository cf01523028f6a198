#!/bin/sh
# Pipelines at random, and within each other, but the same ones each time, against a model
# that says what must come of them: tests/tools/planwalk.
. "$(dirname "$0")/../tap.sh"
walk=$PWD/tests/tools/planwalk
. "$(dirname "$0")/lib.sh"

same '300 plans' 'verdict, message and tag are as the pages say' perl "$walk" 300 1

done_testing
