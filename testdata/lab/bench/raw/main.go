// SPDX-License-Identifier: Apache-2.0

// Raw is the minimum that work on IPVS costs: it sends messages that others have made, and throws the answers away.
//
//	raw BUFFER FILE
//
// FILE has netlink messages, one after the other; the family's number, their type, is put in here. A message that asks
// for a dump is sent by itself, and read to its end with a receive buffer of BUFFER bytes. Others are sent 128 at a time,
// of which the last one asks for an acknowledgement. An answer that is an error ends it with status 1.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

const (
	headerLen = 16 // struct nlmsghdr
	atOnce    = 128
)

var native = binary.NativeEndian

func main() {
	if err := run(os.Args[1:]); err != nil {
		os.Stderr.WriteString("raw: " + err.Error() + "\n")
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: raw BUFFER FILE")
	}
	size, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	messages, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_GENERIC)
	if err != nil {
		return err
	}
	s := socket{fd, make([]byte, size)}
	family, err := s.family("IPVS")
	if err != nil {
		return err
	}
	return s.sendAll(messages, family)
}

type socket struct {
	fd     int
	buffer []byte
}

// send and receive are system calls without the scheduler's knowledge, as in C: the scheduler would give the processor
// away meanwhile.
func (s socket) send(b []byte) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func (s socket) receive() (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&s.buffer[0])), uintptr(len(s.buffer)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// sendAll sends messages as they are to be sent: dumps alone, others together.
func (s socket) sendAll(messages []byte, family uint16) error {
	start, count := 0, 0
	for at := 0; at < len(messages); {
		next := at + int(native.Uint32(messages[at:]))
		native.PutUint16(messages[at+4:], family)
		count++
		if isDump(messages[at:]) || count == atOnce || next == len(messages) || isDump(messages[next:]) {
			if !isDump(messages[at:]) {
				messages[at+6] |= syscall.NLM_F_ACK
			}
			if err := s.exchange(messages[start:next]); err != nil {
				return err
			}
			start, count = next, 0
		}
		at = next
	}
	return nil
}

func isDump(message []byte) bool {
	return native.Uint16(message[6:])&syscall.NLM_F_DUMP == syscall.NLM_F_DUMP
}

// exchange sends and receives until the end of a dump or an acknowledgement comes.
func (s socket) exchange(messages []byte) error {
	if err := s.send(messages); err != nil {
		return err
	}
	for {
		n, err := s.receive()
		if err != nil {
			return err
		}
		for at := 0; at < n; at += (int(native.Uint32(s.buffer[at:])) + 3) &^ 3 {
			switch native.Uint16(s.buffer[at+4:]) {
			case syscall.NLMSG_DONE:
				return nil
			case syscall.NLMSG_ERROR:
				if errno := int32(native.Uint32(s.buffer[at+headerLen:])); errno != 0 {
					return syscall.Errno(-errno)
				}
				return nil
			}
		}
	}
}

// family asks for the number of a family (CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME). The family's number is the first
// attribute but the name in the reply.
func (s socket) family(name string) (uint16, error) {
	const getFamily, familyName, familyID = 3, 2, 1
	request := make([]byte, headerLen+4, 64)
	native.PutUint16(request[4:], 0x10) // GENL_ID_CTRL
	native.PutUint16(request[6:], syscall.NLM_F_REQUEST)
	request[headerLen] = getFamily
	request[headerLen+1] = 1
	request = native.AppendUint16(request, uint16(4+len(name)+1))
	request = native.AppendUint16(request, familyName)
	request = append(request, name...)
	request = append(request, make([]byte, (4-len(name)%4))...)
	native.PutUint32(request, uint32(len(request)))
	if err := s.send(request); err != nil {
		return 0, err
	}
	n, err := s.receive()
	if err != nil {
		return 0, err
	}
	for at := headerLen + 4; at+4 < n; at += (int(native.Uint16(s.buffer[at:])) + 3) &^ 3 {
		if native.Uint16(s.buffer[at+2:]) == familyID {
			return native.Uint16(s.buffer[at+4:]), nil
		}
	}
	return 0, fmt.Errorf("the kernel has no family %s", name)
}
