#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of the autograder.
set -euo pipefail
cd "${AUTOGRADER:-/autograder}/source"

if [ -z "${AUTOGRADER:-}" ]; then # not when somebody tries it on another machine
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q --yes --no-install-recommends bubblewrap libseccomp2 python3-pip
    pip3 install uv || pip3 install --break-system-packages uv
fi
uv venv --clear --python ">=3.11" ../venv
uv pip install --python ../venv/bin/python -r requirements.txt

# The key is executed now, not with each submission. This also tells whether grading works here at all.
cd course
../../venv/bin/autograder grade-one release/$assignment --assignment $assignment ${OPTIONS:-}
