// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// Every socket option has the number in the kernel's header.
func TestSockoptsMatchHeader(t *testing.T) {
	known := map[string]int{
		"IP_VS_SO_SET_ADD": soSetAdd, "IP_VS_SO_SET_EDIT": soSetEdit, "IP_VS_SO_SET_DEL": soSetDel, "IP_VS_SO_SET_FLUSH": soSetFlush,
		"IP_VS_SO_SET_ADDDEST": soSetAddDest, "IP_VS_SO_SET_DELDEST": soSetDelDest, "IP_VS_SO_SET_EDITDEST": soSetEditDest,
		"IP_VS_SO_SET_TIMEOUT": soSetTimeout, "IP_VS_SO_SET_STARTDAEMON": soSetStartDaemon, "IP_VS_SO_SET_STOPDAEMON": soSetStopDaemon,
		"IP_VS_SO_SET_ZERO": soSetZero, "IP_VS_SO_GET_INFO": soGetInfo, "IP_VS_SO_GET_SERVICES": soGetServices,
		"IP_VS_SO_GET_SERVICE": soGetService, "IP_VS_SO_GET_DESTS": soGetDests, "IP_VS_SO_GET_TIMEOUT": soGetTimeout,
		"IP_VS_SO_GET_DAEMON": soGetDaemon,
	}
	header, err := os.ReadFile(uapi)
	if err != nil {
		t.Fatal(err)
	}
	option := regexp.MustCompile(`(?m)^#define (IP_VS_SO_\w+)\s+\(IP_VS_BASE_CTL\+(\d+)\)`)
	for _, m := range option.FindAllSubmatch(header, -1) {
		name := string(m[1])
		number, err := strconv.Atoi(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		if value, ok := known[name]; ok && value != sockoptBase+number {
			t.Errorf("%s is %d, not %d", name, sockoptBase+number, value)
		}
		delete(known, name)
	}
	if len(known) > 0 || !regexp.MustCompile(`IP_VS_BASE_CTL\s+\(64\+1024\+64\)`).Match(header) {
		t.Errorf("not in the header: %v", known)
	}
}
