# What the scenarios are written in. A scenario sources this first of all; run.sh runs it in the lab's guest.
#
#   switch NAME                           an Ethernet switch
#   host NAME SWITCH ADDRESS/BITS[,...]   a host with eth0 on SWITCH; more pairs of SWITCH and addresses for eth1 and on
#   serve HOST ADDRESS                    a web server in HOST that answers with HOST's name and the client's address
#   stop HOST                             end all that runs in HOST
#   end HOST PROCESS...                   end these processes
#   own HOST DIRECTORY...                 give HOST its name, and its own copies of these directories
#   crash HOST                            end all that runs in HOST and take HOST away; host makes it anew
#   needs PROGRAM...                      what the guest must have besides: run.sh looks for this line
#   write [HOST:]FILE                     show and write a file, which is read from stdin; HOST's own with its name
#
#   say TEXT                      what happens next and why
#   on HOST COMMAND...            show the command, as after HOST's prompt, run it, show what it prints; it must succeed
#   fails STATUS HOST COMMAND...  as on, but it must end with this exit status
#   roughly HOST COMMAND...       as on, for what prints other numbers each time
#   see HOST COMMAND...           as on, for what prints other lines each time
#   quietly HOST COMMAND...       just run it
#   begin FILE HOST COMMAND...    run it in the background, with its output in FILE; $! is its process
#   ask HOST COUNT URL            send requests from HOST one by one, draw a chart of who answered
#   load HOST URL                 request URL from HOST without pause, in the background
#   hold HOST COUNT URL           keep COUNT connections from HOST open, with requests on each, in the background
#   so_far load|hold [COUNT]      draw a chart of the answers since it began or since the last so_far,
#                                 after waiting for COUNT (1) more
#   release load|hold             end it, after one more so_far
#
#   check TEXT VALUE OP EXPECTED  go on if "test VALUE OP EXPECTED" holds, else end the scenario
#   answers NAME                  how often NAME answered in the last chart
#   sources                       the client's addresses that the servers saw in the last chart, one a line
#   cell COLUMN SERVICE [SERVER]  a number from the listing that the last "on" showed
#   received HOST INTERFACE       how many packets came in there so far
#   counted HOST SERVICE COUNT    wait until ip_vs in HOST has counted COUNT connections of SERVICE
#   table HOST OPTION...          list without showing it, for cell
#   await TEXT COMMAND...         go on as soon as the command succeeds, else end the scenario after five minutes
#   cell_is HOST COLUMN VALUE SERVICE [SERVER]  whether ipvsadm -Ln says so; VALUE is '' for what is not there
#   same_as_original HOST OPTION...  check that the original ipvsadm prints the same listing
#
# Hosts are network namespaces, which have an ip_vs each. The scenario begins with its own head comment on the screen,
# and ends with the number of its checks. In the guest ipvsadm is ours; the original is ipvsadm-original.
#
# The scenario's section of COOKBOOK.md comes about on the way: the head comment, what say says, commands with what they
# print, files, charts of ask, and what was checked, but no outputs of see, and nothing that is done quietly. run.sh
# compares the section with COOKBOOK.md, so each run must print the same; except for the numbers of charts, of roughly,
# and of ipvsadm's counters.
# shellcheck shell=bash
set -euo pipefail

# What follows would harm a machine that is not the lab's guest.
[[ -x /lab/command && $(hostname) == lab ]] || { echo "$0: runs only in the lab: use run.sh" >&2; exit 125; }

shown=/tmp/shown tally=/tmp/tally checks=0 servers=() last_in_book=''
declare -A stream=() seen=() # of load and hold: the process, and how many answers so_far has shown

fail() {
	echo
	echo "FAILED: $*"
	exit 1
}

# shellcheck disable=SC2317 # trap calls it
the_end() {
	local status=$?
	echo
	if ((status == 0)); then
		echo "All $checks checks passed."
	else
		echo "The scenario ended early, with status $status, after $checks checks."
		exit 1
	fi
}

say() {
	echo
	fold -s -w 78 <<<"$*" | sed 's/ *$//'
	echo
	last_in_book=''
	book text < <(sed 's/[<*]/\\&/g' < <(echo "$*") | fold -s -w 118 | sed 's/ *$//')
}

# book KIND [MARK]: adds lines of one kind (text, code, list) to the section. MARK says what must be the same in the next
# run: "=" all, "-" all but the connections of servers, "~" all but numbers (cookbook/main.go).
book() {
	[[ $1 == "$last_in_book" ]] || echo '='
	last_in_book=$1
	case $1 in
	text) sed "s/^/${2:-=}/" ;;
	code) sed "s/^/${2:-=}    /" ;;
	list) sed "s/^/${2:-=}- /" ;;
	esac
} >>/out/section

# The head comment: lines that begin with a space are a drawing.
begin_book() {
	local title name
	mkdir -p /out
	name=$(basename "$0" .sh)
	{
		read -r title
		printf '=%s\n' "## $title" "" "    make demo SCENARIO=$name"
		sed -E 's/^( +.*)$/    \1/; s/^([^ ].*)?$/\1/; s/^/=/'
	} >/out/section
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

switch() {
	ip netns add "$1"
	ip -n "$1" link add "$1" up type bridge
}

host() {
	local name=$1 interface=0 address addresses setup="link set lo up"
	shift
	ip netns add "$name"
	while (($# > 1)); do
		ip -n "$1" link add "$name.eth$interface" up master "$1" type veth peer name "eth$interface" netns "$name"
		setup+=$'\n'"link set eth$interface up"
		IFS=, read -ra addresses <<<"$2"
		for address in "${addresses[@]}"; do
			# Without nodad an IPv6 address could not be used for its first second or two.
			[[ $address != *:* ]] || address+=" nodad"
			setup+=$'\n'"address add $address dev eth$interface"
		done
		interface=$((interface + 1))
		shift 2
	done
	ip -n "$name" -batch - <<<"$setup"
}

# /run is empty, as after a boot.
own() {
	local name=$1 directory mounts=':'
	for directory in "${@:2}"; do
		mkdir -p "/hosts/$name$directory" "$directory"
		[[ $directory == /run ]] || cp -a "$directory/." "/hosts/$name$directory/"
		mounts+=" && mount --bind /hosts/$name$directory $directory"
	done
	touch "/hosts/$name/mount" "/hosts/$name/uts"
	unshare --mount="/hosts/$name/mount" --uts="/hosts/$name/uts" sh -c "hostname $name && $mounts"
}

crash() {
	local interface
	ip netns pids "$1" | xargs -r kill -9
	for interface in $(quietly "$1" sed -n 's/^ *\(eth[0-9]*\):.*/\1/p' /proc/net/dev); do
		ip -n "$1" link delete "$interface"
	done
	ip netns delete "$1"
	if [[ -e /hosts/$1 ]]; then
		umount "/hosts/$1/mount" "/hosts/$1/uts"
		rm -rf "/hosts/$1"
	fi
}

# namespaces HOST: sets enter to the options of nsenter for it.
namespaces() {
	enter=(--net="/run/netns/$1")
	[[ ! -e /hosts/$1 ]] || enter+=(--mount="/hosts/$1/mount" --uts="/hosts/$1/uts")
}

quietly() {
	local enter
	namespaces "$1"
	nsenter "${enter[@]}" -- "${@:2}"
}

on() {
	case "${*:2}" in
	'ipvsadm '*--stats* | 'ipvsadm '*--rate*) run_shown 0 '~' "$@" ;;
	'ipvsadm -L'* | ipvsadm) run_shown 0 - "$@" ;;
	*) run_shown 0 = "$@" ;;
	esac
}

# prompt TEXT [MARK]: a command, as it is shown on the screen and in the book.
prompt() {
	echo "$1"
	book code "${2:-=}" <<<"$1"
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

serve() {
	on "$1" traffic serve "$1" "$2"
	[[ " ${servers[*]-} " == *" $1 "* ]] || servers+=("$1")
}

stop() {
	local processes
	mapfile -t processes < <(ip netns pids "$1")
	end "$1" "${processes[@]}"
}

end() {
	prompt "$1# kill ${*:2}" '~'
	quietly "$1" kill "${@:2}"
}

needs() {
	local program
	for program; do
		command -v "$program" >/dev/null || fail "the guest has no $program"
	done
}

write() {
	local file=$1
	[[ $1 != *:/* ]] || file=/hosts/${1/:/}
	mkdir -p "$(dirname "$file")"
	prompt "$1:"
	tee "$file" | sed 's/^/    /'
	book code < <(sed 's/^/    /' "$file")
}

ask() {
	prompt "$1# $(words traffic ask "$2" "$3")"
	quietly "$1" traffic ask "$2" "$3" >"$tally" || fail "the requests could not be sent"
	chart >/tmp/chart
	cat /tmp/chart
	book code '~' </tmp/chart
}

begin() {
	local enter
	prompt "$2# $(words "${@:3}") >$1 &"
	namespaces "$2"
	nsenter "${enter[@]}" -- "${@:3}" >"$1" 2>&1 &
}

load() {
	begin /tmp/load "$1" traffic load "$2"
	stream[load]=$! seen[load]=0
	wait_until "the first answer came" has_lines 1 /tmp/load
}

hold() {
	begin /tmp/hold "$1" traffic hold "$2" "$3"
	stream[hold]=$! seen[hold]=0
	wait_until "every connection had its first answer" has_lines "$2" /tmp/hold
}

# The request that was on its way meanwhile counts too, so that the next chart has only what began after this.
so_far() {
	local name=$1 lines
	lines=$(($(wc -l <"/tmp/$name") + ${2:-1}))
	wait_until "enough answers came" has_lines "$lines" "/tmp/$name"
	sed -n "$((seen[$name] + 1)),${lines}p" "/tmp/$name" | awk '
		{ counts[$1]++; rest = substr($0, length($1) + 2) }
		!seen[$1, rest]++ { remarks[$1] = remarks[$1] (remarks[$1] == "" ? "" : ",") rest }
		END { for (name in counts) print name, counts[name], remarks[name] }' >"$tally"
	seen[$name]=$lines
	chart
}

has_lines() {
	(($(wc -l <"$2") >= $1))
}

release() {
	so_far "$1"
	kill "${stream[$1]}"
	wait "${stream[$1]}" 2>/dev/null || :
	unset "stream[$1]"
}

# Draws who answered how often; those who might have and did not, too.
chart() {
	local server total=0 name count remark bar
	for server in ${servers[@]+"${servers[@]}"}; do
		[[ $(answers "$server") != 0 ]] || echo "$server 0" >>"$tally"
	done
	sort -o "$tally" "$tally"
	while read -r _ count _; do
		total=$((total + count))
	done <"$tally"
	while read -r name count remark; do
		printf -v bar '%*s' $((count * 40 / total)) ''
		[[ $name == nobody ]] || remark=${remark:+from $remark}
		printf '  %-9s%-40s %4d%s\n' "$name" "${bar// /#}" "$count" "${remark:+  $remark}"
	done <"$tally"
}

check() {
	test "$2" "$3" "$4" 2>/dev/null || fail "$1: got \"$2\", expected $3 \"$4\""
	ok "$1"
}

ok() {
	passed "$1"
	book list <<<"$1"
}

passed() {
	checks=$((checks + 1))
	echo "  ok: $1"
}

await() {
	wait_until "$@"
	ok "$1"
}

wait_until() {
	local deadline=$((SECONDS + 300))
	until "${@:2}"; do
		((SECONDS < deadline)) || fail "waited five minutes in vain until: $1"
		sleep 0.2
	done
}

table() {
	quietly "$1" ipvsadm "${@:2}" >"$shown"
}

cell_is() {
	table "$1" -Ln && [[ $(cell "$2" "${@:4}") == "$3" ]]
}

answers() {
	awk -v name="$1" '$1 == name { count = $2 } END { print count + 0 }' "$tally"
}

sources() {
	awk '$2 && $1 != "nobody" { print $3 }' "$tally" | tr , '\n' | sort -u
}

received() {
	awk -v interface="$2:" '$1 == interface { print $3 }' < <(quietly "$1" cat /proc/net/dev)
}

# Both lines of a listing's head name columns, the first those of services, the second those of servers.
cell() {
	awk -v column="$1" -v service="$2" -v server="${3:-}" '
		$2 ~ /Address:Port$/ { for (i = 3; i <= NF; i++) where[$i] = i; next }
		$1 != "->" { here = ($2 == service) }
		here && (server == "" ? $1 != "->" : $1 == "->" && $2 == server) { print $where[column]; exit }
	' "$shown"
}

# The kernel adds its counters up every two seconds; until then a listing shows the old sums.
counted() {
	wait_until "$3 connections are counted" has_counted "$@"
}

has_counted() {
	table "$1" -Ln --stats --exact && [[ $(cell Conns "$2") == "$3" ]]
}

# Connections may end and rates sink between the two listings; so some more are compared if they differ. The original's
# -S loses thresholds. When connections expire is another second for each program, if names take it long.
same_as_original() {
	local expression=''
	case $2 in
	-S*) expression='s/ -[xy] [0-9]*//g' ;;
	-L*c*) expression='s/^\([A-Z]* *\)[0-9]*:[0-9]* /\1/' ;;
	esac
	for _ in {1..10}; do
		diff <(listing "$1" ipvsadm-original "${@:2}" | sed "$expression") \
			<(listing "$1" ipvsadm "${@:2}" | sed "$expression") >/tmp/diff && break
	done
	[[ ! -s /tmp/diff ]] || { cat /tmp/diff; fail "the original ipvsadm does not print the same for $(words "${@:2}")"; }
	passed "the original ipvsadm prints the same for $(words "${@:2}")"
}

listing() {
	local status=0
	quietly "$@" 2>&1 || status=$?
	echo "status $status"
}

# Replaced in place, for programs that call it by its full path.
mv /usr/sbin/ipvsadm /usr/sbin/ipvsadm-original
for name in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
	ln -sf /lab/ipvsadm "/usr/sbin/$name"
done

trap the_end EXIT
sed -n '2,/^[^#]\|^$/s/^# \{0,1\}//p' "$0" | tee /tmp/head
begin_book </tmp/head
