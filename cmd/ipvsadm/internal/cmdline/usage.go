// SPDX-License-Identifier: Apache-2.0

package cmdline

// Usage is the help text of ipvsadm. Each long option has a line of its own, in the form
// "--long ARG  -s  text", which shell completion parses.
const Usage = `
Usage: ipvsadm [COMMAND [OPTION]...]
The command comes first; each option may be given once.

Services (virtual servers):
  --add-service SERVICE         -A  add a service
  --edit-service SERVICE        -E  replace a service's settings
  --delete-service SERVICE      -D  delete a service with its servers
  --clear                       -C  delete all services

Real servers of a service:
  --add-server SERVICE          -a  add the real server of -r
  --edit-server SERVICE         -e  replace a server's settings
  --delete-server SERVICE       -d  delete the real server of -r

The table:
  --list [SERVICE]              -L  list services and servers (the default
                                    without a command); -l is the same
  --zero [SERVICE]              -Z  set counters to zero
  --save                        -S  print the table as rules; takes -n
  --restore                     -R  execute rules from standard input

What changes:
  --monitor [SECONDS]               print changes with their time; looks every
                                    second by default; takes SERVICE, --output
                                    json, and --all for timeouts, sync daemons
                                    and settings of the kernel, too
  --full                            print first what there is, marked =

Maintenance of servers:
  --drain                           weight 0 for -r, wait until its connections
                                    end, delete it; print the rules that put it
                                    back; without SERVICE in every service that
                                    has it
  --ramp SERVICE                    raise the weight of -r to -w in steps; a new
                                    server is added as by --add-server

Timeouts and synchronization of directors:
  --set TCP TCPFIN UDP              set timeouts in seconds; 0 keeps one
  --start-daemon master|backup      start a sync daemon
  --stop-daemon master|backup       stop a sync daemon

Network namespaces:
  --netns NAMESPACE                 with each command, and before it, too: in
                                    another one: NAME of "ip netns", PID, PATH
  --list-netns                      list those that have services
  --all                             list all: those without services, too

Settings of the kernel:
  --sysctl [NAME[=VALUE]]...        show or set those in /proc/sys/net/ipv4/vs
  --changed                         only what is not the default, as sysctl.d
                                    has it

What is wrong:
  --diagnose [ROLE]                 look for faults around IPVS, and print what
                                    mends them; ROLE is director (default), or
                                    real-server on one

  --help                        -h  print this
  --version                     -v  print the version

SERVICE is one of
  --tcp-service HOST[:PORT]     -t  a TCP service; an IPv6 address with
                                    a port is [ADDRESS]:PORT
  --udp-service HOST[:PORT]     -u  a UDP service
  --sctp-service HOST[:PORT]        an SCTP service
  --fwmark-service MARK         -f  packets with a firewall mark
  --ipv6                        -6  packets of IPv6; after -f

Options of --add-service and --edit-service:
  --scheduler NAME              -s  scheduler: rr wrr lc wlc lblc lblcr dh sh
                                    mh sed nq fo ovf twos (default wlc)
  --persistent [SECS]           -p  keep a client at its server (default 360)
  --netmask MASK                -M  what counts as one client: an IPv4 mask,
                                    or an IPv6 prefix length
  --pe NAME                         persistence engine: sip
  --ops                         -o  schedule each packet by itself; for UDP
  --sched-flags LIST            -b  scheduler flags: sh-fallback,sh-port
                                    mh-fallback,mh-port flag-1,flag-2,flag-3

Options of --add-server and --edit-server:
  --real-server HOST[:PORT]     -r  the server; -d needs it too
  --gatewaying                  -g  direct routing (default)
  --masquerading                -m  address translation
  --ipip                        -i  tunnel
  --weight N                    -w  share of new connections, 0 for none
                                    (default 1)
  --u-threshold N               -x  no new connections from N on; 0: no limit
  --l-threshold N               -y  new connections again below N
  --tun-type TYPE                   tunnel type: ipip gue gre (default ipip)
  --tun-port PORT                   port of a gue tunnel
  --tun-nocsum                      no checksum in a tunnel (default)
  --tun-csum                        checksums in a tunnel
  --tun-remcsum                     checksums are computed by the server

Options of --edit-service and --edit-server:
  --keep                            change only what the other options name; -e
                                    needs no SERVICE then and edits the server
                                    in every service that has it
with --keep, for --edit-service, which takes "-b none" then, too:
  --no-persistent                   end the persistence
  --no-ops                          end one-packet scheduling
  --no-pe                           take away the persistence engine

Options of --drain, which takes more than one -r, and --output json:
  --wait SECS                       how long to wait; 0 for ever (default 300)
  --at-end WHAT                     if connections are left then: keep weight 0
                                    (default), remove the server, or undo
  --sessions                        wait for persistent clients to expire, too
  --idle SECS                       ignore connections silent for so long
  --keep-server                     do not delete it
  --force                           drain even a service's last usable server

Options of --ramp, which takes those of --add-server:
  --over SECS                       from the first step to the last (default 60)
  --steps N                         how many (default 10)
  --until-even                      end as soon as the server has its share of
                                    the connections; for wlc and lc

Options of --list:
  --numeric                     -n  numbers instead of names
  --connection                  -c  connections instead of services
  --timeout                         the timeouts
  --daemon                          the sync daemons
  --stats                           counters
  --rate                            rates per second
  --exact                       -X  counters and rates in full
  --thresholds                      columns of thresholds
  --persistent-conn                 columns of persistence
  --tun-info                        columns of tunnels
  --nosort                          in the kernel's order
  --sort                            sorted (default)
  --output FORMAT                   output format: classic, json or prometheus
                                    for programs, table for people
  --json                            the same as --output json
  --watch [SECONDS]                 repeat the listing (default every 2 seconds)
  --sort-by COLUMN                  sort by a column; with --watch: name weight
                                    active inactive conns inpkts outpkts inbytes
                                    outbytes
with -c:
  --state NAME                      connections in this state
  --client ADDR[/LEN]               of this client or network
  --virtual ADDR[:PORT]             to this service
  --destination ADDR[:PORT]         with this real server
  --count-by GROUP                  how many of each kind: by state, client,
                                    virtual or destination

Options of --diagnose, which takes SERVICE, --client ADDR and --output json. A
real-server needs a SERVICE, and -g, -i or -m with its -r:
  --director ADDR                   the director of a real server
  --rules FILE                      only what these rules tell; - reads stdin
  --skip ID[,ID]...                 without these checks
  --verbose                         notes, and every finding of a check, too
  --probe                           ask by ARP who else has the addresses

Options of --start-daemon:
  --syncid ID                       sync ID, 0 to 255 (default 0)
  --mcast-interface NAME            network interface (default eth0)
  --mcast-group ADDR                multicast address (default 224.0.0.81)
  --mcast-port PORT                 UDP port (default 8848)
  --mcast-ttl N                     time to live, or hop limit (default 1)
  --sync-maxlen BYTES               longest message (default by interface)

Examples:
  ipvsadm -A -t 192.0.2.1:80 -s rr
  ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2 -m -w 3
  ipvsadm -Ln --stats
  ipvsadm-save -n --output rules; ipvsadm-restore --dry-run < rules

See also ipvsadm-save -h, ipvsadm-restore -h and ipvsadm-boot -h, and the
manual pages ipvsadm(8), ipvsadm-save(8), ipvsadm-restore(8), ipvsadm-boot(8)
and ipvsadm-diagnose(7).
`

// SaveUsage is the help text of ipvsadm-save.
const SaveUsage = `Usage: ipvsadm-save [-n] [--all [--sysctls]] [--output FILE] [--netns NS]
Prints the IPVS table as rules for ipvsadm-restore.
  -n             numbers instead of names
  --all          timeouts and sync daemons too
  --sysctls      with --all: settings of the kernel that are not the default
  --output FILE  write FILE, whole or not at all, instead of standard output
  --netns NS     the table of another network namespace: NAME, PID or PATH
`

// RestoreUsage is the help text of ipvsadm-restore.
const RestoreUsage = `Usage: ipvsadm-restore [--check | --dry-run [--from OLD] | --clear]
                       [--netns NS] [FILE]
Makes the IPVS table match the rules in FILE, with the fewest changes.
Without FILE, or if it is -, reads the rules from standard input.
  --check      only check the rules; needs neither root nor IPVS
  --dry-run    print the changes, marked + ~ -, and change nothing
  --from OLD   print what differs from the rules in OLD; with --dry-run; needs
               neither root nor IPVS; the exit status is 1 if anything differs
  --clear      empty the table first, then execute the rules in order
  --netns NS   in another network namespace: NAME, PID or PATH
`

// BootUsage is the help text of ipvsadm-boot.
const BootUsage = `Usage: ipvsadm-boot VERB
Saves and restores the IPVS rules of this system, for init scripts and systemd.
  start, reload, force-reload
           make the table match the rules file, with the fewest changes
  stop     empty the table and stop the sync daemons
  restart  empty the table and restore the rules
  save     write the table to the rules file
  status   print whether there are services or sync daemons, and list them
  panic    empty the table at once, without saving anything
  unload   unload the modules of IPVS, if the configuration says so
`
