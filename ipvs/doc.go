// SPDX-License-Identifier: Apache-2.0

// Package ipvs controls IP Virtual Server (IPVS), the layer 4 load balancer of
// the Linux kernel, over generic netlink. It covers every command and attribute
// of include/uapi/linux/ip_vs.h.
//
// # Model
//
// A [Service] is a virtual address and port, or a firewall mark, whose connections
// a scheduler spreads over its destinations, the real servers: each is a [Destination].
// A [Table] holds services with their destinations. A [Daemon] is one of the two
// threads that synchronize connections between directors. [Timeouts] apply to the
// connections of all services. [Stats] are counters and rates.
//
// # Identity
//
// [ServiceID] and [DestinationID] name a service, and a destination among those of its
// service. Both are comparable and serve as map keys. Each service has one ServiceID:
// what was read is equal to what was written. An IPv4-mapped IPv6 address, which net.IP
// often holds, is not the IPv4 address: call Unmap. Everything else is a setting, which
// an edit replaces as a whole: see [Client.SetService] and [Client.SetDestination].
// [Service.SameSettings] and [Destination.SameSettings] compare them.
//
// # Zero values
//
// A Service needs an identity, which has a Protocol unless it is a firewall mark, and a
// scheduler. Zero values of its other fields are defaults: no flags, and a [Netmask] that
// makes each client a group of its own. A Destination needs an identity and a Weight: 0
// means no new connections. Its zero forwarding method is Masquerade. For SetTimeouts,
// zero means that the kernel keeps its value. Read-only fields, such as Stats, are ignored
// when they are written.
//
// # Reading and writing
//
// [Dial] returns a [Client], which holds one netlink socket. Its reads return plain
// values; an empty list is not an error. [Client.Table] reads everything at once,
// [Client.TableEntries] one service at a time. Both list whatever exists throughout the
// call exactly once, which a single dump of the kernel does not. [Client.Overview] and
// [Client.Settings] are faster: they leave out what a plain listing or rules do not need.
//
// Each write method sends one command. [Client.Apply] sends many changes at once, and
// [Diff] computes the changes that turn one Table into another. [Client.EnsureService],
// [Client.EnsureDestination], [Client.EditService], [Client.EditDestination] and
// [Client.SetWeight] are for programs that do not know what the kernel has, and [Client.DrainDestination] is for those that take a server out. The
// kernel has no transactions: other programs may change the table between any two
// commands. Package reconcile changes the kernel to a desired state nevertheless.
//
// Connections, the sums of the counters of all services, and the state of the kernel's
// tables are available only in /proc: [Client.ConnEntries], [Client.Totals] and
// [Client.Status] read them in the client's namespace. The functions [ConnEntries],
// [ReadTotals] and [ReadStatus] parse them from elsewhere.
//
// # Order
//
// Lists are in the kernel's order, which is that of a hash; [Table.Sort] sorts them. Apply
// makes its changes in their order, and one that fails does not stop the others. The
// changes of Diff are in an order that does not interrupt traffic.
//
// # Text
//
// Enumerations, flags, masks and identities have words, which String and MarshalText
// write and UnmarshalText reads: "Masq", "persistent,one-packet", "255.255.255.0",
// "TCP 10.0.0.1:80". A value without a word is a number. Service and Destination print
// their settings on one line, for logs. Service, Destination, Table, Daemon and Timeouts
// have a JSON form with lower-case names and the same words, for files and APIs. Fields
// that are absent there become zero, and unknown fields are errors.
//
// # Errors
//
// An *[Error] is a command that the kernel refused. errors.Is says why: fs.ErrExist,
// [ErrNoService], [ErrNoDestination], [ErrNoScheduler], [ErrNoDaemon] and [ErrNoInterface]
// are what a program reacts to, fs.ErrPermission and fs.ErrInvalid what it reports.
// [ErrNoIPVS] says that the module ip_vs is not loaded. All that is missing is an
// fs.ErrNotExist, except an interface.
//
// Errors that do not come from a command are not an *Error: those of files, text and JSON,
// those of the connection, which are os.ErrClosed after Close, and that of a context that
// has ended. Nor is the error of what cannot be sent, such as a service without an address;
// it is an fs.ErrInvalid. The one exception are the edits that read first,
// [Client.EditService], [Client.EditDestination], and with it SetWeight and DrainDestination:
// for what they do not find, they return the *Error of the edit that they would have sent.
//
// # Concurrency and time
//
// A Client is safe for concurrent use: the calls of all goroutines over a connection take
// turns. [Client.WithContext] returns a client over the same connection whose calls a
// context ends. A change that the kernel may have made by then is an [ErrResultUnknown].
//
// # Namespaces
//
// Every network namespace has its own table. A Client works on the namespace that an
// option of Dial names, such as [InNetNS], or else the one that the calling thread was in.
// Reads and writes need CAP_NET_ADMIN there. Dial needs CAP_SYS_ADMIN to enter another
// namespace. In a user namespace, as in a rootless container, netlink refuses even root; with
// [SockoptFallback] a client then does what is possible for IPv4. [ReadPartialTable] needs no
// privilege at all.
//
// # Kernels and other systems
//
// The tests run on Linux 6.1, 6.12 and 7.x, the kernels of Debian 12, 13 and sid. Comments
// say what older kernels lack. Dial does not load modules. A client outlives a reload of
// ip_vs.
//
// Everything but the connection to the kernel works on macOS, FreeBSD and Windows, too:
// the types and their encoding, Diff, the parsers, and clients of the fake in package
// ipvstest. Dial returns [ErrNotSupported] there.
//
// # Stability
//
// Before version 1 a minor version, such as 0.2.0, may change what programs use;
// .github/CHANGELOG.md in the repository says how. Meant to stay are the model with its fields, words
// and JSON forms, the methods of Client and Change, and the errors. Not settled is what
// package ipvstest shows of netlink's messages.
//
// # Other libraries
//
// The README beside this file has tables from moby/ipvs and cloudflare/ipvs to this
// package: https://github.com/ipvsadm-go/ipvsadm/blob/HEAD/ipvs/README.md.
package ipvs
