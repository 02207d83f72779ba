# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

say() {
	echo
	fold -s -w 78 <<<"$*" | sed 's/ *$//'
	echo
	last_in_book=''
	book text < <(sed 's/[<*]/\\&/g' < <(echo "$*") | fold -s -w 118 | sed 's/ *$//')
}

# prompt TEXT [MARK]: a command, as it is shown on the screen and in the book.
prompt() {
	echo "$bold$1$plain"
	book code "${2:-=}" <<<"$1"
}

# The words of a command, quoted where a shell would want it.
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
	*'ipvsadm -L'* | *ipvsadm) run_shown 0 - "$@" ;;
	*) run_shown 0 = "$@" ;;
	esac
}

fails() { run_shown "$1" = "${@:2}"; }

roughly() { run_shown 0 '~' "$@"; }

see() { run_shown 0 '' "$@"; }

# run_shown STATUS MARK HOST COMMAND...
run_shown() {
	local status=0 expected=$1 mark=$2
	shift 2
	prompt "$1# $(words "${@:2}")"
	quietly "$@" >"$shown" 2>&1 || status=$?
	cat "$shown"
	[[ ! $mark ]] || book code "$mark" <"$shown"
	((status == expected)) || fail "that command ended with status $status"
}

write() {
	local file=$1
	[[ $1 != *:/* ]] || file=/hosts/${1/:/}
	mkdir -p "$(dirname "$file")"
	prompt "$1:"
	tee "$file" | sed 's/^/    /'
	book code < <(sed 's/^/    /' "$file")
}
