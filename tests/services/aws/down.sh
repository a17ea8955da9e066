#!/bin/bash
# down.sh - stop the AWS stand-in that up.sh started
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
exec .venv/bin/python -m tests.services.aws down
