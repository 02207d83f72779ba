# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

# book KIND [MARK]: adds lines of one kind (text, code, list) to the section. MARK says which part of a line must be the
# same in the next run (../book/main.go); without MARK, the whole line.
book() {
	[[ $1 == "$last_in_book" ]] || echo '='
	last_in_book=$1
	case $1 in
	text) sed "s/^/${2:-=}/" ;;
	code) sed "s/^/${2:-=}    /" ;;
	list) sed "s/^/${2:-=}- /" ;;
	esac
} >>/out/section

# Begins the section with the head comment, in which lines that begin with a space are a drawing.
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
