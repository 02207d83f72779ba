// SPDX-License-Identifier: Apache-2.0

package ipvs

// The schedulers of Linux up to 7.2, for Service.Scheduler. Each is a module of its own,
// such as ip_vs_rr, which the kernel loads when it is needed. A kernel may lack some of
// them, and may have others.
const (
	RoundRobin                              = "rr"
	WeightedRoundRobin                      = "wrr"
	LeastConnection                         = "lc"
	WeightedLeastConnection                 = "wlc"
	LocalityBasedLeastConnection            = "lblc"
	LocalityBasedLeastConnectionReplication = "lblcr"
	DestinationHashing                      = "dh"
	SourceHashing                           = "sh"
	MaglevHashing                           = "mh"
	ShortestExpectedDelay                   = "sed"
	NeverQueue                              = "nq"
	WeightedFailover                        = "fo"
	WeightedOverflow                        = "ovf"
	PowerOfTwoChoices                       = "twos"

	// NoScheduler makes a service without a scheduler.
	NoScheduler = "none"
)

// SIP is the persistence engine of Linux, for Service.PersistenceEngine. It keeps the
// packets of a call together by their Call-ID.
const SIP = "sip"

// Schedulers returns the names that the constants from RoundRobin to PowerOfTwoChoices
// have: those of the schedulers of Linux. NoScheduler is not among them.
func Schedulers() []string {
	return []string{
		RoundRobin, WeightedRoundRobin, LeastConnection, WeightedLeastConnection,
		LocalityBasedLeastConnection, LocalityBasedLeastConnectionReplication,
		DestinationHashing, SourceHashing, MaglevHashing,
		ShortestExpectedDelay, NeverQueue, WeightedFailover, WeightedOverflow, PowerOfTwoChoices,
	}
}

// PersistenceEngines returns the names of the persistence engines of Linux, which is SIP
// alone.
func PersistenceEngines() []string { return []string{SIP} }
