package main

import "io"

func (p *program) help() error {
	if err := p.version(); err != nil {
		return err
	}
	_, err := io.WriteString(p.stdout, usage)
	return err
}

const usage = `
The command comes first; each option may be given once.

Services (virtual servers):
  -A, --add-service SERVICE [SERVICE OPTIONS]       add a service
  -E, --edit-service SERVICE [SERVICE OPTIONS]      replace a service's settings
  -D, --delete-service SERVICE                      delete a service with its servers
  -C, --clear                                       delete all services

Real servers of a service:
  -a, --add-server SERVICE -r SERVER [SERVER OPTIONS]   add a real server
  -e, --edit-server SERVICE -r SERVER [SERVER OPTIONS]  replace a server's settings
  -d, --delete-server SERVICE -r SERVER                 take a server out

The table:
  -L, -l, --list [SERVICE] [LIST OPTIONS]   list services and servers; the default command
  -Z, --zero [SERVICE]                      set counters to zero
  -S, --save [-n]                           print the table as rules
  -R, --restore                             carry out rules from standard input, one a line

Timeouts and synchronization of directors:
  --set TCP TCPFIN UDP                      set connection timeouts in seconds; 0 keeps one
  --start-daemon master|backup [DAEMON OPTIONS]
  --stop-daemon master|backup

  -h, --help                                print this
  -v, --version                             print the version

SERVICE is one of
  -t, --tcp-service HOST[:PORT]             also -u, --udp-service and --sctp-service;
                                            an IPv6 address with a port is [ADDRESS]:PORT
  -f, --fwmark-service MARK [-6]            packets with a firewall mark; -6 for IPv6

SERVICE OPTIONS
  -s, --scheduler NAME      rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf (default wlc)
  -p, --persistent [SECS]   keep a client at its server (default 360 seconds)
  -M, --netmask MASK        what counts as one client: an IPv4 mask, or an IPv6 prefix length
      --pe NAME             persistence engine: sip
  -o, --ops                 schedule each packet by itself; for UDP
  -b, --sched-flags LIST    sh-fallback,sh-port  mh-fallback,mh-port  flag-1,flag-2,flag-3

SERVER OPTIONS
  -g, --gatewaying          direct routing (default)
  -m, --masquerading        address translation
  -i, --ipip                tunnel
  -w, --weight N            share of new connections, 0 for none (default 1)
  -x, --u-threshold N       no new connections from N on, 0 for no limit
  -y, --l-threshold N       new connections again below N
      --tun-type TYPE       ipip gue gre (default ipip)
      --tun-port PORT       port of a gue tunnel
      --tun-nocsum, --tun-csum, --tun-remcsum   checksums in a tunnel: none, all, remote

LIST OPTIONS
  -n, --numeric             numbers instead of names
  -c, --connection          current connections instead of services
      --timeout, --daemon   the timeouts, the sync daemons
      --stats, --rate       counters, rates per second
  -X, --exact               counters in full
      --thresholds, --persistent-conn, --tun-info   other columns
      --nosort              in the kernel's order
      --output FORMAT       classic, json or prometheus for programs, table for people
      --watch [SECONDS]     again and again (default every 2 seconds)
      --sort-by COLUMN      of --watch: name weight active inactive conns inpkts outpkts inbytes outbytes
  with -c:
      --state NAME, --client ADDR[/LEN], --virtual ADDR[:PORT], --destination ADDR[:PORT]
      --count-by GROUP      numbers of connections by state, client, virtual, destination

DAEMON OPTIONS
      --syncid ID           0 to 255 (default 0)
      --mcast-interface IF  (default eth0)
      --mcast-group ADDR    (default 224.0.0.81)
      --mcast-port PORT     (default 8848)
      --mcast-ttl N         (default 1)
      --sync-maxlen BYTES   longest message (default by the interface)
`

const saveUsage = `Usage: ipvsadm-save [-n] [--all] [--output FILE]
Prints the IPVS table as rules for ipvsadm-restore.
  -n             numbers instead of names
  --all          timeouts and sync daemons too
  --output FILE  write FILE, whole or not at all, instead of standard output
`

const restoreUsage = `Usage: ipvsadm-restore [--check | --dry-run | --clear] < RULES
Makes the IPVS table what the rules on standard input say, with the fewest changes.
  --check    read the rules, no more; needs neither root nor IPVS
  --dry-run  print the changes, marked + ~ -, and change nothing
  --clear    empty the table first, then carry out the rules one after the other
`

const bootUsage = `Usage: ipvsadm-boot VERB
Saves and restores the IPVS rules of this system, for init scripts and systemd.
  start, reload, force-reload
           make the table what the rules file says, with the fewest changes
  stop     empty the table and stop the sync daemons
  restart  empty the table and fill it anew
  save     write the table to the rules file
  status   say whether there are services or sync daemons, and list them
  panic    empty the table at once, without saving anything
  unload   unload the modules of IPVS, if the configuration says so
`
