# SPDX-License-Identifier: Apache-2.0
# Completion of ipvsadm, ipvsadm-save, ipvsadm-restore and ipvsadm-boot for fish.
# "go generate" writes this file from the table of options.

# The tables are variables, whose names end in a letter or in the long name of an option, with _ for each dash.
set -g __ipvsadm_long_l list
set -g __ipvsadm_long_a add-server
set -g __ipvsadm_long_A add-service
set -g __ipvsadm_long_C clear
set -g __ipvsadm_long_c connection
set -g __ipvsadm_long_d delete-server
set -g __ipvsadm_long_D delete-service
set -g __ipvsadm_long_e edit-server
set -g __ipvsadm_long_E edit-service
set -g __ipvsadm_long_X exact
set -g __ipvsadm_long_f fwmark-service
set -g __ipvsadm_long_g gatewaying
set -g __ipvsadm_long_h help
set -g __ipvsadm_long_i ipip
set -g __ipvsadm_long_6 ipv6
set -g __ipvsadm_long_y l-threshold
set -g __ipvsadm_long_L list
set -g __ipvsadm_long_m masquerading
set -g __ipvsadm_long_M netmask
set -g __ipvsadm_long_n numeric
set -g __ipvsadm_long_o ops
set -g __ipvsadm_long_p persistent
set -g __ipvsadm_long_r real-server
set -g __ipvsadm_long_R restore
set -g __ipvsadm_long_S save
set -g __ipvsadm_long_b sched-flags
set -g __ipvsadm_long_s scheduler
set -g __ipvsadm_long_t tcp-service
set -g __ipvsadm_long_x u-threshold
set -g __ipvsadm_long_u udp-service
set -g __ipvsadm_long_v version
set -g __ipvsadm_long_w weight
set -g __ipvsadm_long_Z zero
# Options that mean --list where there is no command.
set -g __ipvsadm_implying netns output json watch sort-by state client virtual destination count-by
# What may follow a command.
set -g __ipvsadm_commands add-service edit-service delete-service clear list zero add-server edit-server delete-server restore save set start-daemon stop-daemon drain ramp list-netns sysctl monitor diagnose help version
set -g __ipvsadm_follow_add_service tcp-service udp-service sctp-service fwmark-service ipv6 scheduler persistent netmask pe ops sched-flags netns
set -g __ipvsadm_follow_edit_service tcp-service udp-service sctp-service fwmark-service ipv6 scheduler persistent netmask pe ops sched-flags no-persistent no-ops no-pe keep netns
set -g __ipvsadm_follow_delete_service tcp-service udp-service sctp-service fwmark-service ipv6 netns
set -g __ipvsadm_follow_clear netns
set -g __ipvsadm_follow_list tcp-service udp-service sctp-service fwmark-service ipv6 numeric connection timeout daemon stats rate thresholds persistent-conn tun-info nosort sort exact output json watch sort-by state client virtual destination count-by netns
set -g __ipvsadm_follow_zero tcp-service udp-service sctp-service fwmark-service ipv6 netns
set -g __ipvsadm_follow_add_server tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum netns
set -g __ipvsadm_follow_edit_server tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum keep netns
set -g __ipvsadm_follow_delete_server tcp-service udp-service sctp-service fwmark-service ipv6 real-server netns
set -g __ipvsadm_follow_restore netns
set -g __ipvsadm_follow_save numeric netns
set -g __ipvsadm_follow_set netns
set -g __ipvsadm_follow_start_daemon netns mcast-interface mcast-group mcast-port mcast-ttl syncid sync-maxlen
set -g __ipvsadm_follow_stop_daemon netns syncid
set -g __ipvsadm_follow_drain tcp-service udp-service sctp-service fwmark-service ipv6 real-server wait at-end sessions idle keep-server force output json netns
set -g __ipvsadm_follow_ramp tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum over steps until-even netns
set -g __ipvsadm_follow_list_netns numeric output json all
set -g __ipvsadm_follow_sysctl output json netns changed
set -g __ipvsadm_follow_monitor tcp-service udp-service sctp-service fwmark-service ipv6 numeric output json netns all full
set -g __ipvsadm_follow_diagnose tcp-service udp-service sctp-service fwmark-service ipv6 real-server masquerading ipip gatewaying output json client netns director rules skip verbose probe
set -g __ipvsadm_follow_help 
set -g __ipvsadm_follow_version 
# Options after which an option cannot come, itself among them.
set -g __ipvsadm_excludes_tcp_service tcp-service udp-service sctp-service fwmark-service connection timeout daemon
set -g __ipvsadm_excludes_udp_service tcp-service udp-service sctp-service fwmark-service connection timeout daemon
set -g __ipvsadm_excludes_sctp_service tcp-service udp-service sctp-service fwmark-service connection timeout daemon
set -g __ipvsadm_excludes_fwmark_service tcp-service udp-service sctp-service fwmark-service connection timeout daemon
set -g __ipvsadm_excludes_scheduler scheduler
set -g __ipvsadm_excludes_persistent persistent no-persistent
set -g __ipvsadm_excludes_netmask netmask no-persistent
set -g __ipvsadm_excludes_pe pe no-pe
set -g __ipvsadm_excludes_ops ops no-ops
set -g __ipvsadm_excludes_sched_flags sched-flags
set -g __ipvsadm_excludes_netns netns rules
set -g __ipvsadm_excludes_no_persistent persistent netmask no-persistent
set -g __ipvsadm_excludes_no_ops ops no-ops
set -g __ipvsadm_excludes_no_pe pe no-pe
set -g __ipvsadm_excludes_keep keep
set -g __ipvsadm_excludes_numeric numeric
set -g __ipvsadm_excludes_connection tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds sort-by
set -g __ipvsadm_excludes_timeout tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds persistent-conn sort-by
set -g __ipvsadm_excludes_daemon tcp-service udp-service sctp-service fwmark-service connection timeout daemon stats rate thresholds persistent-conn sort-by
set -g __ipvsadm_excludes_stats connection timeout daemon stats
set -g __ipvsadm_excludes_rate connection timeout daemon rate
set -g __ipvsadm_excludes_thresholds connection timeout daemon thresholds
set -g __ipvsadm_excludes_persistent_conn timeout daemon persistent-conn
set -g __ipvsadm_excludes_tun_info tun-info
set -g __ipvsadm_excludes_nosort nosort sort-by
set -g __ipvsadm_excludes_exact exact
set -g __ipvsadm_excludes_output output json
set -g __ipvsadm_excludes_json output json
set -g __ipvsadm_excludes_watch watch
set -g __ipvsadm_excludes_sort_by connection timeout daemon nosort sort-by
set -g __ipvsadm_excludes_state state
set -g __ipvsadm_excludes_client client
set -g __ipvsadm_excludes_virtual virtual
set -g __ipvsadm_excludes_destination destination
set -g __ipvsadm_excludes_count_by count-by
set -g __ipvsadm_excludes_real_server real-server rules probe
set -g __ipvsadm_excludes_masquerading masquerading ipip gatewaying rules probe
set -g __ipvsadm_excludes_ipip masquerading ipip gatewaying rules probe
set -g __ipvsadm_excludes_gatewaying masquerading ipip gatewaying rules probe
set -g __ipvsadm_excludes_weight weight
set -g __ipvsadm_excludes_u_threshold u-threshold
set -g __ipvsadm_excludes_l_threshold l-threshold
set -g __ipvsadm_excludes_tun_type tun-type
set -g __ipvsadm_excludes_tun_port tun-port
set -g __ipvsadm_excludes_tun_nocsum tun-nocsum tun-csum tun-remcsum
set -g __ipvsadm_excludes_tun_csum tun-nocsum tun-csum tun-remcsum
set -g __ipvsadm_excludes_tun_remcsum tun-nocsum tun-csum tun-remcsum
set -g __ipvsadm_excludes_mcast_interface mcast-interface
set -g __ipvsadm_excludes_mcast_group mcast-group
set -g __ipvsadm_excludes_mcast_port mcast-port
set -g __ipvsadm_excludes_mcast_ttl mcast-ttl
set -g __ipvsadm_excludes_syncid syncid
set -g __ipvsadm_excludes_sync_maxlen sync-maxlen
set -g __ipvsadm_excludes_wait wait
set -g __ipvsadm_excludes_at_end at-end keep-server
set -g __ipvsadm_excludes_sessions sessions
set -g __ipvsadm_excludes_idle idle
set -g __ipvsadm_excludes_keep_server at-end keep-server
set -g __ipvsadm_excludes_force force
set -g __ipvsadm_excludes_over over
set -g __ipvsadm_excludes_steps steps
set -g __ipvsadm_excludes_until_even until-even
set -g __ipvsadm_excludes_all all
set -g __ipvsadm_excludes_changed changed
set -g __ipvsadm_excludes_full full
set -g __ipvsadm_excludes_director director rules probe
set -g __ipvsadm_excludes_rules netns real-server masquerading ipip gatewaying director rules probe
set -g __ipvsadm_excludes_skip skip
set -g __ipvsadm_excludes_verbose verbose
set -g __ipvsadm_excludes_probe real-server masquerading ipip gatewaying director rules probe
# Options of which an option needs one before it.
set -g __ipvsadm_needs_ipv6 fwmark-service
set -g __ipvsadm_needs_ops udp-service fwmark-service
set -g __ipvsadm_needs_no_persistent keep
set -g __ipvsadm_needs_no_ops keep
set -g __ipvsadm_needs_no_pe keep
set -g __ipvsadm_needs_sort_by watch
set -g __ipvsadm_needs_state connection
set -g __ipvsadm_needs_client connection
set -g __ipvsadm_needs_virtual connection
set -g __ipvsadm_needs_destination connection
set -g __ipvsadm_needs_count_by connection
set -g __ipvsadm_needs_tun_type ipip
set -g __ipvsadm_needs_tun_port tun-type
set -g __ipvsadm_needs_tun_nocsum tun-type
set -g __ipvsadm_needs_tun_csum tun-type
set -g __ipvsadm_needs_tun_remcsum tun-type
# How the value of an option is completed, and whether it may be missing.
set -g __ipvsadm_kind_tcp_service services
set -g __ipvsadm_kind_udp_service services
set -g __ipvsadm_kind_sctp_service services
set -g __ipvsadm_kind_fwmark_service services
set -g __ipvsadm_kind_scheduler words
set -g __ipvsadm_kind_persistent free
set -g __ipvsadm_kind_netmask free
set -g __ipvsadm_kind_pe words
set -g __ipvsadm_kind_sched_flags flags
set -g __ipvsadm_kind_netns namespaces
set -g __ipvsadm_kind_output words
set -g __ipvsadm_kind_watch free
set -g __ipvsadm_kind_sort_by words
set -g __ipvsadm_kind_state words
set -g __ipvsadm_kind_client free
set -g __ipvsadm_kind_virtual addresses
set -g __ipvsadm_kind_destination destinations
set -g __ipvsadm_kind_count_by words
set -g __ipvsadm_kind_real_server servers
set -g __ipvsadm_kind_weight free
set -g __ipvsadm_kind_u_threshold free
set -g __ipvsadm_kind_l_threshold free
set -g __ipvsadm_kind_tun_type words
set -g __ipvsadm_kind_tun_port free
set -g __ipvsadm_kind_start_daemon words
set -g __ipvsadm_kind_mcast_interface interfaces
set -g __ipvsadm_kind_mcast_group free
set -g __ipvsadm_kind_mcast_port free
set -g __ipvsadm_kind_mcast_ttl free
set -g __ipvsadm_kind_syncid free
set -g __ipvsadm_kind_sync_maxlen free
set -g __ipvsadm_kind_stop_daemon words
set -g __ipvsadm_kind_wait free
set -g __ipvsadm_kind_at_end words
set -g __ipvsadm_kind_idle free
set -g __ipvsadm_kind_over free
set -g __ipvsadm_kind_steps free
set -g __ipvsadm_kind_monitor free
set -g __ipvsadm_kind_diagnose words
set -g __ipvsadm_kind_director free
set -g __ipvsadm_kind_rules free
set -g __ipvsadm_kind_skip words
set -g __ipvsadm_optional persistent watch monitor diagnose
set -g __ipvsadm_words_scheduler rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos
set -g __ipvsadm_words_pe sip
set -g __ipvsadm_words_sched_flags flag-1 flag-2 flag-3 sh-fallback sh-port mh-fallback mh-port
set -g __ipvsadm_words_output classic json table prometheus
set -g __ipvsadm_words_sort_by name weight active inactive conns inpkts outpkts inbytes outbytes
set -g __ipvsadm_words_state NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK UDP ICMP ASSURED INIT1 INIT COOKIE_SENT COOKIE_REPLIED COOKIE_WAIT COOKIE COOKIE_ECHOED C-SENT C-REPLIED C-WAIT C-ECHOED SHUTDOWN_SENT SHUTDOWN_RECEIVED SHUTDOWN_ACK_SENT S-SENT S-RECEIVED S-ACK-SENT REJECTED CLOSED INIT_CLI INIT_SER INIT_ACK_CLI INIT_ACK_SER COOKIE_ECHO_CLI COOKIE_ECHO_SER SHUTDOWN_CLI SHUTDOWN_SER SHUTDOWN_ACK_CLI SHUTDOWN_ACK_SER
set -g __ipvsadm_words_count_by state client virtual destination
set -g __ipvsadm_words_tun_type ipip gue gre
set -g __ipvsadm_words_start_daemon master backup
set -g __ipvsadm_words_stop_daemon master backup
set -g __ipvsadm_words_at_end keep remove undo
set -g __ipvsadm_words_diagnose director real-server
set -g __ipvsadm_words_skip no-services no-servers all-zero all-full weight-range dr-port same-server-twice persist-port0 udp-timeout weight-zero-old fwmark-port0 mixed-family modules vip-missing vip-down vip-noarp vip-duplicate vip-elsewhere rp-filter local-client vip-prefix port-taken kube-vip-node dr-gateway rs-unreachable rs-local rs-neigh rs-same-mac rs-wrong-if tun-mtu nat-forward nat-return nat-onenet nat-redirects ftp persist-drain nodest reuse-1s reuse-0 drop-defence estimator timeout-keepalive conntrack-full sysctl-file manager pmtu-disc est-load sync-if sync-id sync-version sloppy backup-only sync-ports conn-tab conn-max persist-skew lro boot input-drop vip-redirected forward-drop output-drop invalid-drop snat-conntrack icmp-blocked fwmark-none fwmark-local sync-fw r-vip r-vip-prefix r-arp-ignore r-arp-announce r-listen r-nat-route r-route-back r-tunl r-tunl-rp r-two-paths r-redirect r-mss r-fw r-cloud r-self
set -g __ipvsadm_letter_add_service A
set -g __ipvsadm_letter_tcp_service t
set -g __ipvsadm_letter_udp_service u
set -g __ipvsadm_letter_fwmark_service f
set -g __ipvsadm_letter_ipv6 6
set -g __ipvsadm_letter_scheduler s
set -g __ipvsadm_letter_persistent p
set -g __ipvsadm_letter_netmask M
set -g __ipvsadm_letter_ops o
set -g __ipvsadm_letter_sched_flags b
set -g __ipvsadm_letter_edit_service E
set -g __ipvsadm_letter_delete_service D
set -g __ipvsadm_letter_clear C
set -g __ipvsadm_letter_list L
set -g __ipvsadm_letter_numeric n
set -g __ipvsadm_letter_connection c
set -g __ipvsadm_letter_exact X
set -g __ipvsadm_letter_zero Z
set -g __ipvsadm_letter_add_server a
set -g __ipvsadm_letter_real_server r
set -g __ipvsadm_letter_masquerading m
set -g __ipvsadm_letter_ipip i
set -g __ipvsadm_letter_gatewaying g
set -g __ipvsadm_letter_weight w
set -g __ipvsadm_letter_u_threshold x
set -g __ipvsadm_letter_l_threshold y
set -g __ipvsadm_letter_edit_server e
set -g __ipvsadm_letter_delete_server d
set -g __ipvsadm_letter_restore R
set -g __ipvsadm_letter_save S
set -g __ipvsadm_letter_help h
set -g __ipvsadm_letter_version v
set -g __ipvsadm_text_add_service 'add a service'
set -g __ipvsadm_text_tcp_service 'a TCP service'
set -g __ipvsadm_text_udp_service 'a UDP service'
set -g __ipvsadm_text_sctp_service 'an SCTP service'
set -g __ipvsadm_text_fwmark_service 'packets with a firewall mark'
set -g __ipvsadm_text_ipv6 'packets of IPv6'
set -g __ipvsadm_text_scheduler 'scheduler'
set -g __ipvsadm_text_persistent 'keep a client at its server'
set -g __ipvsadm_text_netmask 'what counts as one client'
set -g __ipvsadm_text_pe 'persistence engine'
set -g __ipvsadm_text_ops 'schedule each packet by itself'
set -g __ipvsadm_text_sched_flags 'scheduler flags'
set -g __ipvsadm_text_netns 'with each command, and before it, too'
set -g __ipvsadm_text_edit_service 'replace a service'\''s settings'
set -g __ipvsadm_text_no_persistent 'end the persistence'
set -g __ipvsadm_text_no_ops 'end one-packet scheduling'
set -g __ipvsadm_text_no_pe 'take away the persistence engine'
set -g __ipvsadm_text_keep 'change only what the other options name'
set -g __ipvsadm_text_delete_service 'delete a service with its servers'
set -g __ipvsadm_text_clear 'delete all services'
set -g __ipvsadm_text_list 'list services and servers'
set -g __ipvsadm_text_numeric 'numbers instead of names'
set -g __ipvsadm_text_connection 'connections instead of services'
set -g __ipvsadm_text_timeout 'the timeouts'
set -g __ipvsadm_text_daemon 'the sync daemons'
set -g __ipvsadm_text_stats 'counters'
set -g __ipvsadm_text_rate 'rates per second'
set -g __ipvsadm_text_thresholds 'columns of thresholds'
set -g __ipvsadm_text_persistent_conn 'columns of persistence'
set -g __ipvsadm_text_tun_info 'columns of tunnels'
set -g __ipvsadm_text_nosort 'in the kernel'\''s order'
set -g __ipvsadm_text_sort 'sorted'
set -g __ipvsadm_text_exact 'counters and rates in full'
set -g __ipvsadm_text_output 'output format'
set -g __ipvsadm_text_json 'the same as --output json'
set -g __ipvsadm_text_watch 'repeat the listing'
set -g __ipvsadm_text_sort_by 'sort by a column'
set -g __ipvsadm_text_state 'connections in this state'
set -g __ipvsadm_text_client 'of this client or network'
set -g __ipvsadm_text_virtual 'to this service'
set -g __ipvsadm_text_destination 'with this real server'
set -g __ipvsadm_text_count_by 'how many of each kind'
set -g __ipvsadm_text_zero 'set counters to zero'
set -g __ipvsadm_text_add_server 'add the real server of -r'
set -g __ipvsadm_text_real_server 'the server'
set -g __ipvsadm_text_masquerading 'address translation'
set -g __ipvsadm_text_ipip 'tunnel'
set -g __ipvsadm_text_gatewaying 'direct routing'
set -g __ipvsadm_text_weight 'share of new connections, 0 for none'
set -g __ipvsadm_text_u_threshold 'no new connections from N on'
set -g __ipvsadm_text_l_threshold 'new connections again below N'
set -g __ipvsadm_text_tun_type 'tunnel type'
set -g __ipvsadm_text_tun_port 'port of a gue tunnel'
set -g __ipvsadm_text_tun_nocsum 'no checksum in a tunnel'
set -g __ipvsadm_text_tun_csum 'checksums in a tunnel'
set -g __ipvsadm_text_tun_remcsum 'checksums are computed by the server'
set -g __ipvsadm_text_edit_server 'replace a server'\''s settings'
set -g __ipvsadm_text_delete_server 'delete the real server of -r'
set -g __ipvsadm_text_restore 'execute rules from standard input'
set -g __ipvsadm_text_save 'print the table as rules'
set -g __ipvsadm_text_set 'set timeouts in seconds'
set -g __ipvsadm_text_start_daemon 'start a sync daemon'
set -g __ipvsadm_text_mcast_interface 'network interface'
set -g __ipvsadm_text_mcast_group 'multicast address'
set -g __ipvsadm_text_mcast_port 'UDP port'
set -g __ipvsadm_text_mcast_ttl 'time to live, or hop limit'
set -g __ipvsadm_text_syncid 'sync ID, 0 to 255'
set -g __ipvsadm_text_sync_maxlen 'longest message'
set -g __ipvsadm_text_stop_daemon 'stop a sync daemon'
set -g __ipvsadm_text_drain 'weight 0 for -r, wait until its connections end, delete it'
set -g __ipvsadm_text_wait 'how long to wait'
set -g __ipvsadm_text_at_end 'if connections are left then'
set -g __ipvsadm_text_sessions 'wait for persistent clients to expire, too'
set -g __ipvsadm_text_idle 'ignore connections silent for so long'
set -g __ipvsadm_text_keep_server 'do not delete it'
set -g __ipvsadm_text_force 'drain even a service'\''s last usable server'
set -g __ipvsadm_text_ramp 'raise the weight of -r to -w in steps'
set -g __ipvsadm_text_over 'from the first step to the last'
set -g __ipvsadm_text_steps 'how many'
set -g __ipvsadm_text_until_even 'end as soon as the server has its share of the connections'
set -g __ipvsadm_text_list_netns 'list those that have services'
set -g __ipvsadm_text_all 'list all'
set -g __ipvsadm_text_sysctl 'show or set those in /proc/sys/net/ipv4/vs'
set -g __ipvsadm_text_changed 'only what is not the default, as sysctl.d has it'
set -g __ipvsadm_text_monitor 'print changes with their time'
set -g __ipvsadm_text_full 'print first what there is, marked ='
set -g __ipvsadm_text_diagnose 'look for faults around IPVS, and print what mends them'
set -g __ipvsadm_text_director 'the director of a real server'
set -g __ipvsadm_text_rules 'only what these rules tell'
set -g __ipvsadm_text_skip 'without these checks'
set -g __ipvsadm_text_verbose 'notes, and every finding of a check, too'
set -g __ipvsadm_text_probe 'ask by ARP who else has the addresses'
set -g __ipvsadm_text_help 'print this'
set -g __ipvsadm_text_version 'print the version'

# __ipvsadm_get TABLE KEY: prints what a table has, one word a line.
function __ipvsadm_get
	set -l name __ipvsadm_$argv[1]_(string replace -a - _ -- $argv[2])
	set -q $name; and test -n "$$name"; and printf '%s\n' $$name
end

# __ipvsadm_parse WORD...: parses the words before the one to complete. Sets used and values, the options and their values
# in order, and pending, the option whose value comes next.
function __ipvsadm_parse --no-scope-shadowing
	for word in $argv
		if test -n "$pending"; and not begin
				contains -- $pending $__ipvsadm_optional; and string match -q -- '-*' $word
			end
			set values[-1] $word
			set pending
			continue
		end
		set pending
		set -l options
		set -l rest
		switch $word
			case '--*=*'
				set options (string replace -r '^--([^=]*)=.*' '$1' -- $word)
				set rest (string replace -r '^[^=]*=' '' -- $word)
			case '--*'
				set options (string sub -s 3 -- $word)
			case '-*'
				set -l letters (string sub -s 2 -- $word)
				while test -n "$letters"
					set -l long (__ipvsadm_get long (string sub -l 1 -- $letters))
					test -n "$long"; or return 1
					set -a options $long
					set letters (string sub -s 2 -- $letters)
					if test -n "$letters" -a -n "$(__ipvsadm_get kind $long)"
						set rest (string replace -r '^=' '' -- $letters)
						break
					end
				end
		end
		for long in $options
			set -a used $long
			set -a values ''
		end
		if test -n "$rest"
			set values[-1] $rest
		else if set -q options[1]; and test -n "$(__ipvsadm_get kind $options[-1])"
			set pending $options[-1]
		end
	end
end

# Of a current word such as -swrr or -As=wrr, sets pending to the option that has a value, keep to what precedes the value,
# and current to the value.
function __ipvsadm_joined --no-scope-shadowing
	set pending
	set -l length (string length -- $current)
	set -l i 2
	while test $i -lt $length -a -z "$pending"
		set keep (string sub -l $i -- $current)
		__ipvsadm_parse $keep; or return 1
		set i (math $i + 1)
	end
	test -n "$pending"; or return 0
	set current (string sub -s $i -- $current)
	if string match -q -- '=*' $current
		set keep $keep=
		set current (string sub -s 2 -- $current)
	end
end

# Prints the options that fit after those used, with their texts.
function __ipvsadm_options --no-scope-shadowing
	set -l fitting $__ipvsadm_commands $__ipvsadm_implying
	set -l command "$used[1]"
	test "$command" != netns; or set command "$used[2]"
	if contains -- "$command" $__ipvsadm_implying
		set fitting (__ipvsadm_get follow list)
	else if test -n "$command"
		set fitting (__ipvsadm_get follow $command)
	end
	for long in $fitting
		set -l fits yes
		for other in (__ipvsadm_get excludes $long)
			contains -- $other $used; and set fits no
		end
		set -l needs (__ipvsadm_get needs $long)
		if set -q needs[1]; and test $fits = yes
			set fits no
			for other in $needs
				contains -- $other $used; and set fits yes
			end
		end
		test $fits = yes; or continue
		set -l text (__ipvsadm_get text $long)
		printf '--%s\t%s\n' $long $text
		set -l letter (__ipvsadm_get letter $long)
		set -q letter[1]; and printf '%s\t%s\n' -$letter $text
	end
end

# Prints the services as -A lines and their servers as -a lines.
function __ipvsadm_rules
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
end

# __ipvsadm_services OPTION...: prints the services with one of the options.
function __ipvsadm_services --no-scope-shadowing
	for rule in (__ipvsadm_rules)
		set -l words (string split ' ' -- $rule)
		if test $words[1] = -A; and contains -- $words[2] $argv
			echo $words[3]
		end
	end
end

# Prints the servers of the service of the line, or all without one. To add one, it prints those that other services have,
# of the same family unless by a tunnel.
function __ipvsadm_servers --no-scope-shadowing
	set -l of
	for long in tcp-service udp-service sctp-service fwmark-service
		if set -l i (contains -i -- $long $used)
			set of -(__ipvsadm_get letter $long) $values[$i]
			test $of[1] != -; or set of[1] --$long
		end
	end
	set -l all
	set -l own
	for rule in (__ipvsadm_rules)
		set -l words (string split ' ' -- $rule)
		test $words[1] = -a; or continue
		contains -- $words[5] $all; or set -a all $words[5]
		test "$of" != "$words[2..3]"; or set -a own $words[5]
	end
	if set -q of[1]; and contains -- $used[1] edit-server delete-server
		printf '%s\n' $own
		return
	end
	set -l brackets '' # 4 without, 6 with
	if set -q of[2]; and not contains ipip $used
		set brackets 4
		string match -q '[*' -- $of[2]; or contains ipv6 $used; and set brackets 6
	end
	for server in $all
		contains -- $server $own; and continue
		test "$brackets" = 4; and string match -q '[*' -- $server; and continue
		test "$brackets" = 6; and not string match -q '[*' -- $server; and continue
		echo $server
	end
end

# __ipvsadm_values OPTION: prints the values of an option. In a list, each begins with what is typed before the last comma.
function __ipvsadm_values --no-scope-shadowing
	switch (__ipvsadm_get kind $argv[1])
		case words
			__ipvsadm_get words $argv[1]
		case flags
			set -l scheduler
			if set -l i (contains -i scheduler $used)
				set scheduler $values[$i]
			end
			set -l typed (string match -r -- '.*,' $current)
			for flag in (__ipvsadm_get words $argv[1])
				if string match -q -- 'flag-*' $flag; or string match -q -- "$scheduler-*" $flag
					string match -q -- "*,$flag,*" ",$typed"; or echo "$typed$flag"
				end
			end
		case services
			set -l letter (__ipvsadm_get letter $argv[1])
			if test $used[1] != add-service
				set -q letter[1]; and __ipvsadm_services -$letter; or __ipvsadm_services --$argv[1]
			end
		case addresses
			__ipvsadm_services -t -u --sctp-service
		case servers destinations
			__ipvsadm_servers
		case interfaces
			for path in /sys/class/net/*
				string replace /sys/class/net/ '' -- $path
			end
		case namespaces
			for path in /run/netns/*
				string replace /run/netns/ '' -- $path
			end
	end
end

# Prints the names of the settings that --sysctl takes: those of the kernel, or all that are known without the module.
function __ipvsadm_settings
	set -l paths /proc/sys/net/ipv4/vs/*
	set -q paths[1]; or set paths am_droprate amemthresh backup_only cache_bypass conn_lfactor conn_max conn_reuse_mode conntrack debug_level drop_entry drop_packet est_cpulist est_nice expire_nodest_conn expire_quiescent_template ignore_tunneled lblc_expiration lblcr_expiration nat_icmp_send pmtu_disc run_estimation schedule_icmp secure_tcp sloppy_sctp sloppy_tcp snat_reroute svc_lfactor sync_persist_mode sync_ports sync_qlen_max sync_refresh_period sync_retries sync_sock_size sync_threshold sync_version
	string replace /proc/sys/net/ipv4/vs/ '' -- $paths
end

function __ipvsadm_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct | string replace -ra '[\'"\\\\]' '')
	set -l used
	set -l values
	set -l pending
	__ipvsadm_parse $words[2..]; or return
	if test "$used[1]" = netns # which may precede the command
		set used $used[2..] netns
		set values $values[2..] $values[1]
	end
	set -l keep ''
	if string match -q -- '--*=*' $current
		set pending (string replace -r '^--([^=]*)=.*' '$1' -- $current)
		set current (string replace -r '^[^=]*=' '' -- $current)
		set keep --$pending=
		set -q used[1]; or set used $pending
	else if string match -q -- '-*' $current; and begin
			test -z "$pending"; or contains -- $pending $__ipvsadm_optional
		end
		set pending
		if not string match -q -- '--*' $current
			__ipvsadm_joined; or return
		end
	end
	if test -n "$pending"
		for value in (__ipvsadm_values $pending)
			printf '%s\n' $keep$value
		end
		test -z "$keep"; and contains -- $pending $__ipvsadm_optional; or return
	end
	if test "$used[1]" = sysctl; and not contains changed $used; and not string match -q -- '-*' $current
		__ipvsadm_settings
	end
	__ipvsadm_options
end

complete -c ipvsadm -f -a '(__ipvsadm_complete)'
complete -c ipvsadm-save -s n -d 'numbers instead of names'
complete -c ipvsadm-save -l all -d 'timeouts and sync daemons too'
complete -c ipvsadm-save -l sysctls -d 'with --all'
complete -c ipvsadm-save -l output -d 'write FILE, whole or not at all, instead of standard output' -r -F
complete -c ipvsadm-save -l netns -d 'the table of another network namespace' -r -F
complete -c ipvsadm-restore -l check -d 'only check the rules' -n 'not string match -qr -- "^(--check|--dry-run|--from|--clear)(=|\z)" (commandline -opc)'
complete -c ipvsadm-restore -l dry-run -d 'print the changes, marked + ~ -, and change nothing' -n 'not string match -qr -- "^(--check|--dry-run|--clear)(=|\z)" (commandline -opc)'
complete -c ipvsadm-restore -l from -d 'print what differs from the rules in OLD' -r -n 'not string match -qr -- "^(--check|--from|--clear)(=|\z)" (commandline -opc)'
complete -c ipvsadm-restore -l clear -d 'empty the table first, then execute the rules in order' -n 'not string match -qr -- "^(--check|--dry-run|--from|--clear)(=|\z)" (commandline -opc)'
complete -c ipvsadm-restore -l netns -d 'in another network namespace' -r -n 'not string match -qr -- "^(--netns)(=|\z)" (commandline -opc)'
complete -c ipvsadm-boot -f
complete -c ipvsadm-boot -n 'test (count (commandline -opc)) -eq 1' -a 'force-reload panic reload restart save start status stop unload'
