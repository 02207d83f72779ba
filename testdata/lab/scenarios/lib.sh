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
#   keep HOST COUNT URL           open connections from HOST one by one and keep them, draw a chart of whose they became
#   load HOST URL                 request URL from HOST without pause, in the background
#   hold HOST COUNT URL           keep COUNT connections from HOST open, with requests on each, in the background
#   so_far load|hold [COUNT]      draw a chart of the answers since it began or since the last so_far,
#                                 after waiting for COUNT (1) more
#   go_on TEXT COUNT              check that COUNT connections of hold each have two more answers
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
#   has_address HOST ADDRESS      whether HOST has it; has_no_address HOST ADDRESS
#   same_as_original HOST OPTION...  check that the original ipvsadm prints the same listing
#   same_listings HOST OPTIONS...    check it for several listings; the options of one are one word here
#
# Hosts are network namespaces, which have an ip_vs each. The scenario begins with its own head comment on the screen,
# and ends with the number of its checks. In the guest ipvsadm is ours; the original is ipvsadm-original.
#
# The scenario's section of COOKBOOK.md comes about on the way: the head comment, what say says, commands with what they
# print, files, charts of ask, and what was checked, but no outputs of see, and nothing that is done quietly. run.sh
# compares the section with COOKBOOK.md, so each run must print the same; except for the numbers of roughly, ipvsadm's
# counters that are not 0, and the time and the client's port of its entries (cookbook/main.go). Where chance or a hash
# decides who answers, a scenario sets chart_mark='#', and the numbers of its charts may be others.
# shellcheck shell=bash disable=SC2034 # the parts in lib use the variables
set -euo pipefail

# What follows would harm a machine that is not the lab's guest.
[[ -x /lab/command && $(hostname) == lab ]] || { echo "$0: runs only in the lab: use run.sh" >&2; exit 125; }

# Colour, if run.sh writes to a terminal.
bold='' green='' red='' plain=''
[[ ! ${LAB_COLOUR:-} ]] || bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
unset LAB_COLOUR

shown=/tmp/shown tally=/tmp/tally checks=0 servers=() opened=() last_in_book='' chart_mark='='
declare -A stream=() seen=() # of load and hold: the process, and how many answers so_far has shown

for part in "$(dirname "$0")"/lib/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

# Replaced in place, for programs that call it by its full path.
mv /usr/sbin/ipvsadm /usr/sbin/ipvsadm-original
for name in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
	ln -sf /lab/ipvsadm "/usr/sbin/$name"
done

trap the_end EXIT
sed -n '2,/^[^#]\|^$/s/^# \{0,1\}//p' "$0" | tee /tmp/head
begin_book </tmp/head
