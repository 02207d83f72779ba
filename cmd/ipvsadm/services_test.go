package main

import (
	"maps"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestServicesFile(t *testing.T) {
	all := parseServices("http 80/tcp www # web\nother 80/tcp\nhttp 8080/tcp\ndomain\t53/udp\n53/udp x\nfoo 81\nbar 82/\nbig 65536/tcp\nnone\n# c 1/tcp\n")
	if want := map[servicePort]string{{"tcp", 80}: "http", {"tcp", 8080}: "http", {"udp", 53}: "domain"}; !maps.Equal(all.names, want) {
		t.Errorf("names %v, want %v", all.names, want)
	}
	want := map[serviceName]uint16{{"tcp", "http"}: 80, {"tcp", "www"}: 80, {"tcp", "other"}: 80, {"udp", "domain"}: 53}
	if !maps.Equal(all.ports, want) {
		t.Errorf("ports %v, want %v", all.ports, want)
	}
	// That of a firewall mark, which is none.
	if name, ok := portName(0, 80); ok {
		t.Errorf("port 80 of no protocol is %s", name)
	}
}

func TestAMarkCountsAsTCPForThePortOfAServer(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1", "ipvsadm -A -f 1 -6", "ipvsadm -a -f 1 -r 10.0.0.3:http", "ipvsadm -a -r 10.0.0.4:http -f 1")
	check(t, k, "ipvsadm -S -n", want{stdout: `-A -f 1 -s wlc
-a -f 1 -r 10.0.0.3:80 -g -w 1
-a -f 1 -r 10.0.0.4:80 -g -w 1
-A -f 1 -6 -s wlc
`})
	check(t, k, "ipvsadm -a -f 1 -6 -r 10.9.0.1:http",
		want{stderr: "Different address family is allowed only for tunneling servers\n", status: exitUsage})
	check(t, k, "ipvsadm -a -f 1 -r 10.9.0.1:tftp -w x", want{stderr: errIllegalServer.Error() + "\n", status: exitUsage})
}

func TestANamedPortWithoutAServiceIsTheFirstError(t *testing.T) {
	for _, words := range []string{
		"-E -r 10.9.0.1:http", "-E -r 10.9.0.1:http foo", "-a -r 10.9.0.1:http --foo", "-a -r [fd00::9]:http -w",
		"-e -r 10.9.0.1:http -A", "-L -r 10.9.0.1:http", "--set -r 10.9.0.1:http 1 2 3", "-a -r 10.9.0.1:http -r 10.9.0.2",
	} {
		check(t, ipvstest.New(), "ipvsadm "+words, want{stderr: errIllegalServer.Error() + "\n", status: exitUsage})
	}
	check(t, ipvstest.New(), "ipvsadm -a -r 10.9.0.1:80",
		want{stderr: "You need to supply the 'service-address' option for the 'add-server' command\n", status: exitUsage})
}
