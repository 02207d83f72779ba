// SPDX-License-Identifier: Apache-2.0

// Package ipvstest provides a fake of the kernel's ip_vs, for tests on machines
// without IPVS and for tests that must not change the machine's table. It runs on Linux,
// macOS, FreeBSD and Windows.
//
// A Kernel holds a table in memory. It checks every request as ip_vs of Linux 6.1
// does, and answers with the same messages and error numbers. Its clients are
// ordinary clients of package ipvs:
//
//	k := ipvstest.New()
//	client, err := k.Dial()
//
// Kernel.Inject adds faults, such as refused requests, lost answers and malformed
// replies. Kernel.Start runs a function one request at a time, for tests of what
// happens when several processes change the table.
//
// The fake differs from the kernel in these points:
//
//   - It lists services in the order in which they were added, address services
//     before firewall marks. The kernel lists them in the order of a hash.
//   - A listing shows the table at the time of the request.
//   - A client cannot tell whether a listing of more than 3 KB, about eight services, is whole.
//     It lists until two listings in a row are equal, and gives up if services come and go
//     all the time. A client of the kernel sees where a listing was cut.
//   - A destination that is deleted and added again starts with zero counters.
//   - There is no traffic: counters have the values that a test sets.
//   - Every interface is up and reaches every multicast group.
//   - 255.255.255.255 is the only broadcast address.
package ipvstest
