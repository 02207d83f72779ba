# SPDX-License-Identifier: Apache-2.0
# Completion of ipvsadm, ipvsadm-save, ipvsadm-restore and ipvsadm-boot for bash.
# "go generate" writes this file from the table of options.

# All tables have the long names of options as keys and values.
declare -gA _ipvsadm_long=(
	[l]=list
	[a]=add-server
	[A]=add-service
	[C]=clear
	[c]=connection
	[d]=delete-server
	[D]=delete-service
	[e]=edit-server
	[E]=edit-service
	[X]=exact
	[f]=fwmark-service
	[g]=gatewaying
	[h]=help
	[i]=ipip
	[6]=ipv6
	[y]=l-threshold
	[L]=list
	[m]=masquerading
	[M]=netmask
	[n]=numeric
	[o]=ops
	[p]=persistent
	[r]=real-server
	[R]=restore
	[S]=save
	[b]=sched-flags
	[s]=scheduler
	[t]=tcp-service
	[x]=u-threshold
	[u]=udp-service
	[v]=version
	[w]=weight
	[Z]=zero
)
# What may follow a command.
declare -gA _ipvsadm_follow=(
	[add-service]='tcp-service udp-service sctp-service fwmark-service ipv6 scheduler persistent netmask pe ops sched-flags netns'
	[edit-service]='tcp-service udp-service sctp-service fwmark-service ipv6 scheduler persistent netmask pe ops sched-flags no-persistent no-ops no-pe keep netns'
	[delete-service]='tcp-service udp-service sctp-service fwmark-service ipv6 netns'
	[clear]='netns'
	[list]='tcp-service udp-service sctp-service fwmark-service ipv6 numeric connection timeout daemon stats rate thresholds persistent-conn tun-info nosort sort exact output json watch sort-by state client virtual destination count-by netns'
	[zero]='tcp-service udp-service sctp-service fwmark-service ipv6 netns'
	[add-server]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum netns'
	[edit-server]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum keep netns'
	[delete-server]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server netns'
	[restore]='netns'
	[save]='numeric netns'
	[set]='netns'
	[start-daemon]='netns mcast-interface mcast-group mcast-port mcast-ttl syncid sync-maxlen'
	[stop-daemon]='netns syncid'
	[drain]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server wait at-end sessions idle keep-server force output json netns'
	[ramp]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum over steps until-even netns'
	[list-netns]='numeric output json all'
	[sysctl]='output json netns changed'
	[monitor]='tcp-service udp-service sctp-service fwmark-service ipv6 numeric output json netns all full'
	[diagnose]='tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying output json client netns director rules skip verbose probe'
	[help]=''
	[version]=''
)
# Options that mean --list where there is no command.
_ipvsadm_implying='netns output json watch sort-by state client virtual destination count-by'
# Options after which an option cannot come, itself among them.
declare -gA _ipvsadm_excludes=(
	[tcp-service]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon'
	[udp-service]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon'
	[sctp-service]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon'
	[fwmark-service]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon'
	[scheduler]='scheduler'
	[persistent]='persistent no-persistent'
	[netmask]='netmask no-persistent'
	[pe]='pe no-pe'
	[ops]='ops no-ops'
	[sched-flags]='sched-flags'
	[netns]='netns rules'
	[no-persistent]='persistent netmask no-persistent'
	[no-ops]='ops no-ops'
	[no-pe]='pe no-pe'
	[keep]='keep'
	[numeric]='numeric'
	[connection]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds sort-by'
	[timeout]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds persistent-conn sort-by'
	[daemon]='tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds persistent-conn sort-by'
	[stats]='connection timeout daemon stats'
	[rate]='connection timeout daemon rate'
	[thresholds]='connection timeout daemon thresholds'
	[persistent-conn]='timeout daemon persistent-conn'
	[tun-info]='tun-info'
	[nosort]='nosort sort-by'
	[exact]='exact'
	[output]='output json'
	[json]='output json'
	[watch]='watch'
	[sort-by]='connection timeout daemon nosort sort-by'
	[state]='state'
	[client]='client'
	[virtual]='virtual'
	[destination]='destination'
	[count-by]='count-by'
	[real-server]='real-server rules probe'
	[masquerading]='masquerading ipip gatewaying rules probe'
	[ipip]='masquerading ipip gatewaying rules probe'
	[gatewaying]='masquerading ipip gatewaying rules probe'
	[weight]='weight'
	[u-threshold]='u-threshold'
	[l-threshold]='l-threshold'
	[tun-type]='tun-type'
	[tun-port]='tun-port'
	[tun-nocsum]='tun-nocsum tun-csum tun-remcsum'
	[tun-csum]='tun-nocsum tun-csum tun-remcsum'
	[tun-remcsum]='tun-nocsum tun-csum tun-remcsum'
	[mcast-interface]='mcast-interface'
	[mcast-group]='mcast-group'
	[mcast-port]='mcast-port'
	[mcast-ttl]='mcast-ttl'
	[syncid]='syncid'
	[sync-maxlen]='sync-maxlen'
	[wait]='wait'
	[at-end]='at-end keep-server'
	[sessions]='sessions'
	[idle]='idle'
	[keep-server]='at-end keep-server'
	[force]='force'
	[over]='over'
	[steps]='steps'
	[until-even]='until-even'
	[all]='all'
	[changed]='changed'
	[full]='full'
	[director]='director rules probe'
	[rules]='netns real-server masquerading ipip gatewaying director rules probe'
	[skip]='skip'
	[verbose]='verbose'
	[probe]='real-server masquerading ipip gatewaying director rules probe'
)
# Options of which an option needs one before it.
declare -gA _ipvsadm_needs=(
	[ipv6]='fwmark-service'
	[ops]='udp-service fwmark-service'
	[no-persistent]='keep'
	[no-ops]='keep'
	[no-pe]='keep'
	[sort-by]='watch'
	[state]='connection'
	[client]='connection'
	[virtual]='connection'
	[destination]='connection'
	[count-by]='connection'
	[tun-type]='ipip'
	[tun-port]='tun-type'
	[tun-nocsum]='tun-type'
	[tun-csum]='tun-type'
	[tun-remcsum]='tun-type'
)
# How the value of an option is completed. ? marks a value that may be missing.
declare -gA _ipvsadm_kind=(
	[tcp-service]=services
	[udp-service]=services
	[sctp-service]=services
	[fwmark-service]=services
	[scheduler]=words
	[persistent]=free\?
	[netmask]=free
	[pe]=words
	[sched-flags]=flags
	[netns]=namespaces
	[output]=words
	[watch]=free\?
	[sort-by]=words
	[state]=words
	[client]=free
	[virtual]=addresses
	[destination]=destinations
	[count-by]=words
	[real-server]=servers
	[weight]=free
	[u-threshold]=free
	[l-threshold]=free
	[tun-type]=words
	[tun-port]=free
	[start-daemon]=words
	[mcast-interface]=interfaces
	[mcast-group]=free
	[mcast-port]=free
	[mcast-ttl]=free
	[syncid]=free
	[sync-maxlen]=free
	[stop-daemon]=words
	[wait]=free
	[at-end]=words
	[idle]=free
	[over]=free
	[steps]=free
	[monitor]=free\?
	[diagnose]=words\?
	[director]=free
	[rules]=free
	[skip]=words
)
declare -gA _ipvsadm_words=(
	[scheduler]='rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos'
	[pe]='sip'
	[sched-flags]='flag-1 flag-2 flag-3 sh-fallback sh-port mh-fallback mh-port'
	[output]='classic json table prometheus'
	[sort-by]='name weight active inactive conns inpkts outpkts inbytes outbytes'
	[state]='NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK UDP ICMP ASSURED INIT1 INIT COOKIE_SENT COOKIE_REPLIED COOKIE_WAIT COOKIE COOKIE_ECHOED C-SENT C-REPLIED C-WAIT C-ECHOED SHUTDOWN_SENT SHUTDOWN_RECEIVED SHUTDOWN_ACK_SENT S-SENT S-RECEIVED S-ACK-SENT REJECTED CLOSED INIT_CLI INIT_SER INIT_ACK_CLI INIT_ACK_SER COOKIE_ECHO_CLI COOKIE_ECHO_SER SHUTDOWN_CLI SHUTDOWN_SER SHUTDOWN_ACK_CLI SHUTDOWN_ACK_SER'
	[count-by]='state client virtual destination'
	[tun-type]='ipip gue gre'
	[start-daemon]='master backup'
	[stop-daemon]='master backup'
	[at-end]='keep remove undo'
	[diagnose]='director real-server'
	[skip]='no-services no-servers all-zero all-full weight-range dr-port same-server-twice persist-port0 udp-timeout weight-zero-old fwmark-port0 mixed-family modules vip-missing vip-down vip-noarp vip-duplicate vip-elsewhere rp-filter local-client vip-prefix port-taken kube-vip-node dr-gateway rs-unreachable rs-local rs-neigh rs-same-mac rs-wrong-if tun-mtu nat-forward nat-return nat-onenet nat-redirects ftp persist-drain nodest reuse-1s reuse-0 drop-defence estimator timeout-keepalive conntrack-full sysctl-file manager pmtu-disc est-load sync-if sync-id sync-version sloppy backup-only sync-ports conn-tab conn-max persist-skew lro boot input-drop vip-redirected forward-drop output-drop invalid-drop snat-conntrack icmp-blocked fwmark-none fwmark-local sync-fw r-vip r-vip-prefix r-arp-ignore r-arp-announce r-listen r-nat-route r-route-back r-tunl r-tunl-rp r-two-paths r-redirect r-mss r-fw r-cloud r-self'
)

# _ipvsadm_parse WORD...: parses the words before the one to complete. Sets command, the array value with an element for
# each option, and pending, the option whose value comes next.
_ipvsadm_parse() {
	local word long i
	for word; do
		word=${word//[\"\'\\]/}
		if [[ $pending && ! ( ${_ipvsadm_kind[$pending]} == *\? && $word == -* ) ]]; then
			value[$pending]=$word
			pending=
			continue
		fi
		pending=
		case $word in
		--*=*)
			long=${word#--}
			long=${long%%=*}
			value[$long]=${word#*=}
			[[ $long == netns ]] || command=${command:-$long}
			;;
		--?*) _ipvsadm_option "${word#--}" ;;
		-?*)
			for ((i = 1; i < ${#word}; i++)); do
				long=${_ipvsadm_long[${word:i:1}]-}
				[[ $long ]] || return 1
				_ipvsadm_option "$long"
				if [[ $pending && ${word:i+1} ]]; then
					word=${word:i+1}
					value[$pending]=${word#=}
					pending=
					break
				fi
			done
			;;
		esac
	done
}

# _ipvsadm_joined WORD: of a word such as -swrr or -As=wrr, sets pending to the option that has a value, and keep to what
# precedes the value.
_ipvsadm_joined() {
	local i
	pending=
	for ((i = 2; i < ${#1}; i++)); do
		_ipvsadm_parse "${1:0:i}" || return
		[[ ! $pending ]] || break
	done
	[[ ! $pending ]] || keep=${1:0:i}
	[[ ! $pending || ${1:i:1} != = ]] || keep+==
}

_ipvsadm_option() {
	value[$1]=
	[[ $1 == netns ]] || command=${command:-$1}
	[[ ! ${_ipvsadm_kind[$1]-} ]] || pending=$1
}

# Prints the options that fit after those of the line.
_ipvsadm_fitting() {
	local long other fits candidates
	if [[ ! $command ]]; then
		candidates="${!_ipvsadm_follow[*]} $_ipvsadm_implying"
	elif [[ " $_ipvsadm_implying " == *" $command "* ]]; then
		candidates=${_ipvsadm_follow[list]}
	else
		candidates=${_ipvsadm_follow[$command]-}
	fi
	for long in $candidates; do
		fits=1
		for other in ${_ipvsadm_excludes[$long]-}; do
			[[ ! ${value[$other]+used} ]] || fits=
		done
		if [[ $fits && ${_ipvsadm_needs[$long]-} ]]; then
			fits=
			for other in ${_ipvsadm_needs[$long]}; do
				[[ ! ${value[$other]+used} ]] || fits=1
			done
		fi
		[[ ! $fits ]] || echo "$long"
	done
}

# Prints the options of the line as -t or --tcp-service.
_ipvsadm_dashed() {
	local letter long
	local -A fits=()
	for long in $(_ipvsadm_fitting); do
		fits[$long]=1
		echo "--$long"
	done
	for letter in "${!_ipvsadm_long[@]}"; do
		[[ ! ${fits[${_ipvsadm_long[$letter]}]-} ]] || echo "-$letter"
	done
}

# Prints the services as -A lines and their servers as -a lines.
_ipvsadm_rules() {
	command awk '
function number(hex, n, i) {
	for (i = 1; i <= length(hex); i++)
		n = 16 * n + index("123456789ABCDEF", toupper(substr(hex, i, 1)))
	return sprintf("%.0f", n)
}
# [fd00:0000:0000:0000:0000:0000:0000:0001] becomes [fd00::1].
function compress(address, zeros, at) {
	address = ":" substr(address, 2, length(address) - 2) ":"
	gsub(/:0+/, ":", address)
	while (sub(/::/, ":0:", address)) {}
	for (zeros = ":0:0:0:0:0:0:0:0:"; length(zeros) > 3; zeros = substr(zeros, 3))
		if (at = index(address, zeros)) {
			address = substr(address, 1, at - 1) "::" substr(address, at + length(zeros))
			break
		}
	if (address !~ /^::/) sub(/^:/, "", address)
	if (address !~ /::$/) sub(/:$/, "", address)
	return "[" address "]"
}
# 0A000001:0050 becomes 10.0.0.1:80.
function endpoint(text, port, address, i) {
	port = text
	sub(/.*:/, "", port)
	sub(/:[^:]*$/, "", text)
	if (text ~ /^\[/) return compress(text) ":" number(port)
	for (i = 1; i < 8; i += 2)
		address = address number(substr(text, i, 2)) (i < 7 ? "." : ":")
	return address number(port)
}
BEGIN {
	option["TCP"] = "-t"
	option["UDP"] = "-u"
	option["SCTP"] = "--sctp-service"
}
$1 in option { print "-A", service = option[$1] " " endpoint($2) }
$1 == "FWM" { print "-A", service = "-f " number($2) }
$1 == "->" && service { print "-a", service, "-r", endpoint($2) }
' /proc/net/ip_vs 2>/dev/null
}

# _ipvsadm_services OPTION...: prints the services with one of the options.
_ipvsadm_services() {
	local verb type service
	while read -r verb type service; do
		[[ $verb == -A && " $* " == *" $type "* ]] && echo "$service"
	done < <(_ipvsadm_rules)
}

# _ipvsadm_servers TYPE SERVICE: prints the servers of a service, or all without one. To add one, it prints those that
# other services have, of the same family unless by a tunnel.
_ipvsadm_servers() {
	local verb type service option server
	local -A all=() own=()
	while read -r verb type service option server; do
		[[ $verb == -a ]] || continue
		all[$server]=1
		[[ "$type $service" != "$1 $2" ]] || own[$server]=1
	done < <(_ipvsadm_rules)
	if [[ $command == edit-server || $command == delete-server ]] && [[ $1 ]]; then
		printf '%s\n' "${!own[@]}"
		return
	fi
	for server in "${!all[@]}"; do
		[[ ${own[$server]-} ]] || _ipvsadm_other_family "$2" "$server" || echo "$server"
	done
}

# _ipvsadm_other_family SERVICE SERVER: succeeds if a service cannot have the server, because its family is the other one.
_ipvsadm_other_family() {
	local six=${value[ipv6]+six}
	[[ ! ${value[ipip]+used} && $1 ]] || return
	[[ $1 != \[* ]] || six=six
	[[ ($six && $2 != \[*) || (! $six && $2 == \[*) ]]
}

# _ipvsadm_values OPTION: prints the values of an option.
_ipvsadm_values() {
	local long letter
	local -A letter_of=([tcp-service]=-t [udp-service]=-u [sctp-service]=--sctp-service [fwmark-service]=-f)
	case ${_ipvsadm_kind[$1]%\?} in
	words) echo "${_ipvsadm_words[$1]}" ;;
	flags)
		for long in ${_ipvsadm_words[$1]}; do
			[[ $long == flag-* || $long == "${value[scheduler]-}"-* ]] && [[ ,$listed != *,$long,* ]] && echo "$long"
		done
		;;
	services) [[ $command == add-service ]] || _ipvsadm_services "${letter_of[$1]}" ;;
	addresses) _ipvsadm_services -t -u --sctp-service ;;
	destinations) _ipvsadm_servers '' '' ;;
	servers)
		for long in "${!letter_of[@]}"; do
			[[ ! ${value[$long]-} ]] || break
		done
		if [[ ${value[$long]-} ]]; then
			_ipvsadm_servers "${letter_of[$long]}" "${value[$long]}"
		else
			_ipvsadm_servers '' ''
		fi
		;;
	interfaces) (cd /sys/class/net && printf '%s\n' *) ;;
	namespaces) (cd /run/netns 2>/dev/null && printf '%s\n' *) ;;
	esac
}

# Prints the names of the settings that --sysctl takes: those of the kernel, or all that are known without the module.
_ipvsadm_settings() {
	(cd /proc/sys/net/ipv4/vs 2>/dev/null && compgen -G '*') || echo 'am_droprate amemthresh backup_only cache_bypass conn_lfactor conn_max conn_reuse_mode conntrack debug_level drop_entry drop_packet est_cpulist est_nice expire_nodest_conn expire_quiescent_template ignore_tunneled lblc_expiration lblcr_expiration nat_icmp_send pmtu_disc run_estimation schedule_icmp secure_tcp sloppy_sctp sloppy_tcp snat_reroute svc_lfactor sync_persist_mode sync_ports sync_qlen_max sync_refresh_period sync_retries sync_sock_size sync_threshold sync_version'
}

_ipvsadm() {
	local words current typed keep='' listed='' command='' pending=''
	local -A value=()
	COMPREPLY=()
	# COMP_WORDS is split at colons and equals signs.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=('')
	typed=${words[-1]}
	if [[ ${words[-2]} == *[\<\>] || $typed == [\<\>]* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		return
	fi
	current=${typed//[\"\'\\]/}
	[[ $current || ! $typed || $typed == [\"\'] ]] || return 0
	_ipvsadm_parse "${words[@]:1:${#words[@]}-2}" || return 0
	if [[ $current == --*=* ]]; then
		pending=${current%%=*}
		pending=${pending#--}
		keep=${current%%=*}=
		[[ $pending == netns ]] || command=${command:-$pending}
	elif [[ $current == -* && (! $pending || ${_ipvsadm_kind[$pending]} == *\?) ]]; then
		pending=
		[[ $current == --* ]] || _ipvsadm_joined "$current" || return 0
	fi
	if [[ $pending ]]; then
		if [[ ${_ipvsadm_kind[$pending]-} == flags && $current == *,* ]]; then
			listed=${current#"$keep"}
			listed=${listed%,*},
		fi
		_ipvsadm_reply "$(_ipvsadm_values "$pending")"
		[[ ${_ipvsadm_kind[$pending]-} == *\? && ! $keep ]] || return 0
	fi
	if [[ $command == sysctl && $current != -* && ! ${value[changed]+used} ]]; then
		compopt -o nospace # a value may follow
		_ipvsadm_reply "$(_ipvsadm_settings)"
	fi
	[[ $current && $current != -* ]] || _ipvsadm_reply "$(_ipvsadm_dashed)"
}

# Adds the words that begin with the current one to COMPREPLY. bash replaces only what comes after an open quote, or else
# after the last colon or equals sign of COMP_WORDBREAKS, unless that is quoted.
_ipvsadm_reply() {
	local word i cut='' quoted=''
	if [[ $typed == *[\"\']* ]]; then
		quoted=1
		cut=${typed%%[\"\']*}
		cut=${cut//\\/}
	fi
	for ((i = ${#typed}; i > 0; i--)); do
		[[ ! $quoted ]] || break
		if [[ ${typed:i-1:1} == [:=] && $COMP_WORDBREAKS == *"${typed:i-1:1}"* && ${typed:0:i-1} != *\\ ]]; then
			cut=${typed:0:i}
			cut=${cut//\\/}
			break
		fi
	done
	for word in $1; do
		word=$keep$listed$word
		[[ $word == "$current"* ]] || continue
		word=${word#"$cut"}
		if [[ ! $quoted ]]; then
			word=${word//\[/\\[}
			word=${word//\]/\\]}
		fi
		COMPREPLY+=("$word")
	done
}

_ipvsadm_save() {
	COMPREPLY=()
	[[ $2 != -* ]] || mapfile -t COMPREPLY < <(compgen -W '-n --all --sysctls --output --netns ' -- "$2")
}

_ipvsadm_restore() {
	COMPREPLY=()
	local before=" ${COMP_WORDS[*]:1:COMP_CWORD-1} " options=''
	[[ $before =~ ' '(--check|--dry-run|--from|--clear)' ' ]] || options+=' --check'
	[[ $before =~ ' '(--check|--dry-run|--clear)' ' ]] || options+=' --dry-run'
	[[ $before =~ ' '(--check|--from|--clear)' ' ]] || options+=' --from'
	[[ $before =~ ' '(--check|--dry-run|--from|--clear)' ' ]] || options+=' --clear'
	[[ $before =~ ' '(--netns)' ' ]] || options+=' --netns'
	[[ $2 != -* ]] || mapfile -t COMPREPLY < <(compgen -W "$options" -- "$2")
}

_ipvsadm_boot() {
	COMPREPLY=()
	((COMP_CWORD > 1)) || mapfile -t COMPREPLY < <(compgen -W 'force-reload panic reload restart save start status stop unload' -- "$2")
}

complete -F _ipvsadm ipvsadm
complete -o default -F _ipvsadm_save ipvsadm-save
complete -o default -F _ipvsadm_restore ipvsadm-restore
complete -F _ipvsadm_boot ipvsadm-boot
