// SPDX-License-Identifier: Apache-2.0

package format

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// state prints what the kernel tells of its limits, its tables and its threads.
func (e *exposition) state(s *Snapshot) {
	if s.Estimation != EstimationUnknown {
		value := uint64(1)
		if s.Estimation.stopped() {
			value = 0
		}
		e.single("node_ipvs_estimation_running", "1 if the kernel updates counters and rates, 0 if they stand still.", value)
	}
	if s.Limits.Conns != nil {
		e.single("node_ipvs_connection_limit", "Highest number of connections, with templates.", *s.Limits.Conns)
	}
	if s.Limits.ConnTabSize != 0 {
		e.single("node_ipvs_connection_table_buckets_max", "Largest size of the hash table of connections.", s.Limits.ConnTabSize)
	}
	if s.Status == nil {
		return
	}
	e.single("node_ipvs_connection_table_entries", "Entries of the connection table, with templates.", s.Status.Conns.Entries)
	e.chains("node_ipvs_connection_table_chains", "connections", &s.Status.Conns)
	e.single("node_ipvs_service_table_buckets", "Size of the hash table of services.", uint64(s.Status.Services.Buckets))
	e.chains("node_ipvs_service_table_chains", "services", &s.Status.Services)
	e.single("node_ipvs_estimation_threads", "Threads that sum up counters.", s.Status.Estimation.Threads)
	e.single("node_ipvs_estimation_threads_max", "Highest number of threads that sum up counters.", s.Status.Estimation.MaxThreads)
}

// single prints a gauge with one sample.
func (e *exposition) single(name, help string, value uint64) {
	e.family(name, gauge, help)
	e.sample(name, "", value)
}

// chains prints how many buckets of a table have a chain of each length.
func (e *exposition) chains(name, of string, t *ipvs.HashTable) {
	e.family(name, gauge, "Buckets of the hash table of "+of+" by the length of their chain, 7 for 7 and more.")
	if !t.Counted() {
		return
	}
	for length, buckets := range t.Chains {
		e.sample(name, labels("length", decimal(uint32(length))), buckets)
	}
}
