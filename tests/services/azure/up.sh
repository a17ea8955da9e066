#!/bin/bash
# up.sh - start the Azure stand-in and Azurite; quiet when they run already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
exec .venv/bin/python -m tests.services.azure up
