// SPDX-License-Identifier: Apache-2.0

package ipvs

import "github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"

// InNetNS makes Dial connect to the IPVS of another network namespace, given by a file
// such as /proc/1234/ns/net. The client stays in the namespace, from whichever thread it
// is used, and keeps the namespace alive. Dial returns fs.ErrNotExist if there is no such
// file, fs.ErrInvalid if the file is not a network namespace, and fs.ErrPermission
// without CAP_SYS_ADMIN, unless the calling thread is in the namespace already.
//
// InNetNSNamed, InNetNSOfPID and InNetNSOfFD do the same for what their names say. The
// last of several such options counts.
func InNetNS(path string) Option {
	return inNamespace(func() (*nlsock.Namespace, error) { return nlsock.NamespaceAt(path) })
}

// InNetNSNamed is InNetNS for a namespace that "ip netns add" has named, which makes a
// file in /run/netns. The file may outlive the namespace; then the error is
// fs.ErrInvalid.
func InNetNSNamed(name string) Option {
	return inNamespace(func() (*nlsock.Namespace, error) { return nlsock.NamespaceNamed(name) })
}

// InNetNSOfPID is InNetNS for the namespace of a process, which is that of its main
// thread. Process IDs are used again; InNetNSOfFD with a file opened earlier is safe from
// that. It needs the right to inspect the process: its user, or CAP_SYS_PTRACE.
func InNetNSOfPID(pid int) Option {
	return inNamespace(func() (*nlsock.Namespace, error) { return nlsock.NamespaceOfPID(pid) })
}

// InNetNSOfFD is InNetNS for an open file. Dial neither closes nor keeps the descriptor.
func InNetNSOfFD(fd int) Option {
	return inNamespace(func() (*nlsock.Namespace, error) { return nlsock.NamespaceOfFD(fd) })
}

func inNamespace(open func() (*nlsock.Namespace, error)) Option {
	return func(c *nlsock.Config) { c.Namespace = open }
}

// DoInNetNS calls do on a thread in the network namespace of the client, and returns its
// error. What do opens belongs to that namespace and stays there: sockets, and files below
// /proc/thread-self/net and /proc/sys/net. It must not start goroutines that rely on the
// namespace. With a client of a fake, do runs on the calling thread.
//
// Like ConnEntries, it needs no privilege if the calling thread is in that namespace.
func (c *Client) DoInNetNS(do func() error) error {
	if c.conn.socket == nil {
		return do()
	}
	var result error
	err := c.conn.socket.InNamespace(func() error {
		result = do()
		return nil
	})
	if err != nil {
		return prefixed(err)
	}
	return result
}
