#!/bin/bash
# down.sh - stop the Azure stand-in and Azurite that up.sh started
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
exec .venv/bin/python -m tests.services.azure down
