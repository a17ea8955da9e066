#!/bin/bash
# up.sh - start the AWS stand-in; quiet when it runs already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
exec .venv/bin/python -m tests.services.aws up
