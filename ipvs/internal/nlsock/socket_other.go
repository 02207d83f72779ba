// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package nlsock

import "errors"

// Socket is a socket of generic netlink, which only Linux has. Here Open never returns
// one, so nothing calls its methods.
type Socket struct{ Transport }

// Open returns errors.ErrUnsupported.
func Open(*Config) (*Socket, error) { return nil, errors.ErrUnsupported }

// RawSyscalls returns false.
func (s *Socket) RawSyscalls() bool { return false }

// InNamespace returns errors.ErrUnsupported.
func (s *Socket) InNamespace(func() error) error { return errors.ErrUnsupported }

// OpenSockopts returns errors.ErrUnsupported.
func (s *Socket) OpenSockopts() (Sockopts, error) { return nil, errors.ErrUnsupported }

// Datagram returns zeros.
func (s *Socket) Datagram() (number, room int) { return 0, 0 }

// GrowBuffer has no effect.
func (s *Socket) GrowBuffer() {}

// SetBuffer has no effect.
func (s *Socket) SetBuffer(int) {}

// HasLargeBuffer returns false.
func (s *Socket) HasLargeBuffer() bool { return false }

// Namespace is a network namespace, which only Linux has.
type Namespace struct{}

// NamespaceAt returns errors.ErrUnsupported.
func NamespaceAt(string) (*Namespace, error) { return nil, errors.ErrUnsupported }

// NamespaceNamed returns errors.ErrUnsupported.
func NamespaceNamed(string) (*Namespace, error) { return nil, errors.ErrUnsupported }

// NamespaceOfPID returns errors.ErrUnsupported.
func NamespaceOfPID(int) (*Namespace, error) { return nil, errors.ErrUnsupported }

// NamespaceOfFD returns errors.ErrUnsupported.
func NamespaceOfFD(int) (*Namespace, error) { return nil, errors.ErrUnsupported }
