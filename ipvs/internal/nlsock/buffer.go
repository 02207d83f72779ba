// SPDX-License-Identifier: Apache-2.0

package nlsock

import "os"

// maxRecvSize is the size of the buffer for one datagram. The kernel makes each chunk
// of a dump as large as the largest buffer of a receive so far, up to 32 KiB, and
// clears that memory, also for the last chunk, which is almost empty. For each chunk
// it walks to where the last one ended. So small chunks are faster for a few objects
// and large chunks for many. BenchmarkDestinations of package ipvs has figures.
//
// A socket starts with small chunks until GrowBuffer is called, because the kernel
// does not go back to smaller ones.
const maxRecvSize = 32 << 10

// maxChunkRoom is less than the capacity of the largest chunks: 32 KiB less the
// kernel's own data, SKB_WITH_OVERHEAD(32768) in netlink_recvmsg of af_netlink.c.
const maxChunkRoom = 31 << 10

// MinChunkRoom is less than the capacity of any chunk: NLMSG_GOODSIZE is a page less
// the kernel's own data.
const MinChunkRoom = 3 << 10

// SmallBuffer holds the smallest chunk of a dump, and any other answer: NLMSG_GOODSIZE
// in include/linux/netlink.h. For a chunk of 4 KiB or more the kernel allocates 8 KiB,
// of which its own data take less than 1 KiB, so 7 KiB cost no more.
func SmallBuffer() int { return max(min(os.Getpagesize(), 8<<10), 7<<10) }

// LargeBuffer is the size of the receive buffer after GrowBuffer.
func LargeBuffer() int { return maxRecvSize }
