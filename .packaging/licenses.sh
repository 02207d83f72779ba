#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the licences of everything that is linked into the program: Go itself and the modules.
#
# Usage: GOOS=linux GOARCH=... licenses.sh
#
# Fails if a module has no licence file, or one that the licence in nfpm.yaml does not cover.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

GO=${GO:-go}
die() { echo "licenses.sh: $*" >&2; exit 1; }

# kind FILE: its identifier of SPDX.
kind() {
	local text
	text=$(tr -s '[:space:]' ' ' <"$1")
	case $text in
	*'Redistribution and use in source and binary forms'*'Neither the name of'*) echo BSD-3-Clause ;;
	*'Permission is hereby granted, free of charge, to any person obtaining a copy'*) echo MIT ;;
	*'Apache License Version 2.0, January 2004'*) echo Apache-2.0 ;;
	*) return 1 ;;
	esac
}

# print NAME DIRECTORY
print() {
	local file files=() identifier
	for file in "$2"/{LICENSE,LICENCE,COPYING,NOTICE}{,.txt,.md}; do
		[[ ! -f $file ]] || files+=("$file")
	done
	((${#files[@]})) || die "$1 has no licence file in $2"
	for file in "${files[@]}"; do
		if [[ $file != */NOTICE* ]]; then
			identifier=$(kind "$file") || die "$file is none of Apache-2.0, BSD-3-Clause and MIT: complete this script and the licence in nfpm.yaml"
			printf '%s\n\n' "$1, $identifier"
		fi
		sed 's/^/    /; s/[[:space:]]*$//' "$file"
		echo
	done
}

modules=$("$GO" list -mod=readonly -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/ipvsadm | LC_ALL=C sort -u)
[[ $modules ]] || die "go list names no module"

echo 'The program contains the software below.'
echo
print "The Go runtime and standard library" "$("$GO" env GOROOT)"
while read -r path version dir; do
	print "$path $version" "$dir"
done <<<"$modules"
