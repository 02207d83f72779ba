# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that run a machine: creates $work, a directory that is removed when the script ends. run.sh removes
# the directories of killed scripts.
# shellcheck shell=bash
cache=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/.cache/lab
mkdir -p "$cache"
work=$(mktemp -d "$cache/run.$$.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
