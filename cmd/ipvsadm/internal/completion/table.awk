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
