# Sourced by scripts that run a machine: makes $work, a directory that goes when the script ends. run.sh removes what
# killed ones leave behind.
# shellcheck shell=bash
cache=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/lab
mkdir -p "$cache"
work=$(mktemp -d "$cache/run.$$.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
