# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

say() {
	echo
	fold -s -w 78 <<<"$*" | sed 's/ *$//'
	echo
	last_in_book=''
	book text < <(sed 's/[<*]/\\&/g' < <(echo "$*") | fold -s -w 118 | sed 's/ *$//')
}

# prompt TEXT [MARK]: shows a command on the screen and in the book.
prompt() {
	echo "$bold$1$plain"
	book code "${2:-=}" <<<"$1"
}

# Prints the words of a command, quoted where a shell needs quotes.
words() {
	local word line=''
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$|^\[[0-9a-f:]*\](:[0-9]+)?$ ]] || word=${word@Q}
		line+=" $word"
	done
	echo "${line# }"
}

on() {
	case "${*:2}" in
	*'ipvsadm -L'*--stats* | *'ipvsadm -L'*--rate*) run_shown 0 + "$@" ;;
	*'ipvsadm -Lc'*) run_shown 0 : "$@" ;;
	*'ipvsadm -L'* | *'ipvsadm --netns '*' -L'* | *ipvsadm) run_shown 0 - "$@" ;;
	*) run_shown 0 = "$@" ;;
	esac
}

fails() { run_shown "$1" = "${@:2}"; }

roughly() { run_shown 0 '~' "$@"; }

see() { run_shown 0 '' "$@"; }

# A signal ends ipvsadm, and timeout ends as it does or with 124. The shell would say that it was terminated.
watch() {
	local status=0 command="exec timeout -s TERM $1 ipvsadm ${*:3} --watch"
	prompt "$2# ipvsadm ${*:3} --watch"
	if [[ $size ]]; then
		quietly "$2" env TERM=xterm-256color script -qec "stty rows ${size% *} cols ${size#* }; $command" /dev/null 2>/dev/null || status=$?
	else
		quietly "$2" bash -c "$command" 2>/dev/null || status=$?
	fi
	((status == 124 || status == 143)) || fail "that command ended with status $status"
}

# run_shown STATUS MARK HOST COMMAND...
run_shown() {
	local status=0 expected=$1 mark=$2
	shift 2
	prompt "$1# $(words "${@:2}")"
	quietly "$@" >"$shown" 2>&1 || status=$?
	cat "$shown"
	[[ ! $mark ]] || book code "$mark" < <(usual_size "$@")
	((status == expected)) || fail "that command ended with status $status"
}

# usual_size HOST COMMAND...: what was shown last; but where a listing's or a table's head says how large the table of
# connections of HOST is, or that of a namespace after --netns, it says 4096, as with most kernels. From Linux 7.1 on each
# table has a size of its own, and grows, and a table's head has more to say.
usual_size() {
	local size='' enter words=" ${*:2} "
	namespaces "$1"
	[[ ! $words =~ ' --netns '(/[^ ]+)' ' ]] || enter=(--net="${BASH_REMATCH[1]}")
	! grep -q '^IP Virtual Server ' "$shown" || size=$(nsenter "${enter[@]}" sed -n '1s/.*(size=\([0-9]*\))$/\1/p' /proc/net/ip_vs)
	sed "s/^\(IP Virtual Server version .*\) (size=${size:--})$/\1 (size=4096)/
		s/^\(IP Virtual Server .*, connection table size\) ${size:--}\( now, grows to [0-9]*\)\{0,1\}$/\1 4096/
		2{/^[0-9]* connections\{0,1\} of at most /d}" "$shown"
}

write() {
	local file=$1
	[[ $1 != *:/* ]] || file=/hosts/${1/:/}
	mkdir -p "$(dirname "$file")"
	prompt "$1:"
	tee "$file" | sed 's/^/    /'
	book code < <(sed 's/^/    /' "$file")
}
