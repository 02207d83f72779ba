# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

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

begin() {
	local enter
	prompt "$2# $(words "${@:3}") >$1 &"
	namespaces "$2"
	nsenter "${enter[@]}" -- "${@:3}" >"$1" 2>&1 &
}

ask() {
	prompt "$1# $(words traffic ask "$2" "$3")"
	quietly "$1" traffic ask "$2" "$3" >"$tally" || fail "the requests could not be sent"
	draw
}

# draw [FILE]: draws a chart on the screen and in the book, of the tally, or of FILE, in which each line begins with the
# name of who answered.
draw() {
	[[ ! ${1:-} ]] || awk '{ count[$1]++ } END { for (name in count) print name, count[name] }' "$1" >"$tally"
	chart >/tmp/chart
	cat /tmp/chart
	book code "$chart_mark" </tmp/chart
}

keep() {
	local file=/tmp/open.${#opened[@]}
	begin "$file" "$1" traffic open "$2" "$3"
	opened+=($!)
	wait_until "the connections are open" has_lines "$2" "$file"
	draw "$file"
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

# Waits for one more answer, so that the next chart has only requests that began after this call.
so_far() {
	local name=$1 lines
	lines=$(($(wc -l <"/tmp/$name") + ${2:-1}))
	wait_until "enough answers came" has_lines "$lines" "/tmp/$name"
	sed -n "$((seen[$name] + 1)),${lines}p" "/tmp/$name" | awk '
		{ sub(/ #[0-9]+$/, ""); counts[$1]++; rest = substr($0, length($1) + 2) }
		!seen[$1, rest]++ { remarks[$1] = remarks[$1] (remarks[$1] == "" ? "" : ",") rest }
		END { for (name in counts) print name, counts[name], remarks[name] }' >"$tally"
	seen[$name]=$lines
	chart
}

go_on() {
	wait_until "each of $2 open connections had two more answers" has_answers "$2" "$(wc -l </tmp/hold)"
	ok "$1"
}

# has_answers COUNT LINE: whether COUNT connections of hold have had two answers each after this line. The last word of a
# line, the client's port, identifies the connection.
has_answers() {
	awk -v from="$2" -v wanted="$1" '
		NR > from && $1 != "nobody" && ++answers[$NF] == 2 { connections++ }
		END { exit connections < wanted }' /tmp/hold
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

# Draws how often each server answered, including those that did not.
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

answers() {
	awk -v name="$1" '$1 == name { count = $2 } END { print count + 0 }' "$tally"
}

sources() {
	awk '$2 && $1 != "nobody" { print $3 }' "$tally" | tr , '\n' | sort -u
}

received() {
	awk -v interface="$2:" '$1 == interface { print $3 }' < <(quietly "$1" cat /proc/net/dev)
}
