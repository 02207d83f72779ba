# SPDX-License-Identifier: Apache-2.0
# The commands of the scenarios. A scenario sources this file first; run.sh runs the scenario in the lab's guest.
#
#   switch NAME                           an Ethernet switch
#   host NAME SWITCH ADDRESS/BITS[,...]   a host with eth0 on SWITCH; more pairs of SWITCH and addresses for eth1 and on
#   serve HOST ADDRESS                    a web server in HOST that answers with HOST's name and the client's address
#   stop HOST                             end all that runs in HOST
#   end HOST PROCESS...                   end these processes of HOST
#   own HOST DIRECTORY...                 give HOST its name, and its own copies of these directories
#   crash HOST                            end all that runs in HOST and delete HOST; host creates it again
#   needs PROGRAM...                      programs of the extra image; run.sh looks for this line
#   write [HOST:]FILE                     show stdin and write it to FILE, with HOST: to HOST's own copy
#
#   say TEXT                      what happens next and why
#   on HOST COMMAND...            show the command, as after HOST's prompt, run it, show what it prints; it must succeed
#   fails STATUS HOST COMMAND...  as on, but the command must end with this exit status
#   roughly HOST COMMAND...       as on, for a command that prints other numbers each time
#   see HOST COMMAND...           as on, for a command that prints other lines each time
#   watch SECONDS HOST OPTION...  show ipvsadm's listing on the whole terminal for a while; without one, as documents
#   quietly HOST COMMAND...       run the command without showing it
#   begin FILE HOST COMMAND...    run the command in the background, with its output in FILE; $! is its process
#   ask HOST COUNT URL            send requests from HOST one by one, draw a chart of who answered
#   keep HOST COUNT URL           open connections from HOST one by one and keep them, draw a chart of the servers
#   load HOST URL                 request URL from HOST without pause, in the background
#   hold HOST COUNT URL           keep COUNT connections from HOST open, with requests on each, in the background
#   so_far load|hold [COUNT]      draw a chart of the answers since load, hold or the last so_far,
#                                 after waiting for COUNT (1) more
#   go_on TEXT COUNT              check that COUNT connections of hold each have two more answers
#   release load|hold             end the requests, after one more so_far
#
#   check TEXT VALUE OP EXPECTED  go on if "test VALUE OP EXPECTED" holds, else end the scenario
#   answers NAME                  how often NAME answered in the last chart
#   sources                       the client's addresses that the servers saw in the last chart, one on each line
#   cell COLUMN SERVICE [SERVER]  a number from the listing that the last "on" showed
#   received HOST INTERFACE       how many packets INTERFACE has received
#   counted HOST SERVICE COUNT    wait until ip_vs in HOST has counted COUNT connections of SERVICE
#   table HOST OPTION...          list without showing it, for cell
#   await TEXT COMMAND...         go on as soon as the command succeeds, else end the scenario after five minutes
#   cell_is HOST COLUMN VALUE SERVICE [SERVER]  whether ipvsadm -Ln shows VALUE; '' means not in the table
#   has_address HOST ADDRESS      whether HOST has the address; has_no_address is the opposite
#   finds SEVERITY ID HOST [OPTION...]  check that ipvsadm --diagnose finds this and nothing else, and show the finding
#   mend HOST                     run the commands that the finding has, as they are printed
#   finds_nothing [HOST [OPTION...]]  check that a diagnosis, or else the last one, made again, finds nothing
#   report HOST                   show a diagnosis that finds nothing
#   no_faults HOST [OPTION...]    check that a diagnosis of the director HOST, and those that it prints for real servers,
#                                 find no fault
#   same_as_original HOST OPTION...  check that the original ipvsadm prints the same listing
#   same_listings HOST OPTIONS...    check several listings; the options of each listing are one word
#
# Hosts are network namespaces, and each has an ip_vs. The scenario first shows its own head comment on the screen, and
# last the number of its checks. In the guest, ipvsadm is this program, and ipvsadm-original the C program.
#
# A run also writes the scenario's section of COOKBOOK.md: the head comment, the texts of say, commands with their
# output, files, charts of ask, and checks, but no output of see, and nothing of quietly. run.sh compares the section
# with COOKBOOK.md, so each run must print the same, except for the numbers of roughly, counters of ipvsadm that are not
# 0, and the time and the client's port of connection entries (../book/main.go). If chance or a hash decides who answers,
# a scenario sets chart_mark='#', and the numbers of its charts may differ.
# shellcheck shell=bash disable=SC2034 # the other files here use the variables
set -euo pipefail

# The commands below would harm any machine but the lab's guest.
[[ -x /lab/command && $(hostname) == lab ]] || { echo "$0: runs only in the lab: use run.sh" >&2; exit 125; }

# Colour, and the size of the terminal in rows and columns, if run.sh writes to one.
bold='' green='' red='' plain='' size=${LAB_SIZE:-}
[[ ! ${LAB_COLOUR:-} ]] || bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
unset LAB_COLOUR LAB_SIZE

shown=/tmp/shown tally=/tmp/tally checks=0 servers=() opened=() last_in_book='' chart_mark='='
declare -A stream=() seen=() # of load and hold: the process, and how many answers so_far has shown

for part in book checks diagnose hosts keepalived listings show traffic; do
	# shellcheck source=/dev/null
	source "$(dirname "${BASH_SOURCE[0]}")/$part.sh"
done

# Replaces ipvsadm in place, for programs that call it by its full path.
mv /usr/sbin/ipvsadm /usr/sbin/ipvsadm-original
for name in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
	ln -sf /lab/ipvsadm "/usr/sbin/$name"
done

trap the_end EXIT
sed -n '3,/^[^#]\|^$/s/^# \{0,1\}//p' "$0" | tee /tmp/head
begin_book </tmp/head
