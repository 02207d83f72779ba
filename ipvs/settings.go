// SPDX-License-Identifier: Apache-2.0

package ipvs

import "time"

// TimeoutDuration returns the persistence timeout.
func (s Service) TimeoutDuration() time.Duration { return seconds(s.Timeout) }

// SameSettings reports whether an edit with the settings of other, SetService, would
// change nothing. It ignores what an edit does not change: the ServiceID, which both may
// have in common or not, the Stats, the flag Hashed, the flags outside other.FlagsMask if
// that is not zero, and FlagsMask itself.
func (s Service) SameSettings(other Service) bool { return s.sameSettings(&other) }

func (s *Service) sameSettings(other *Service) bool {
	mask := other.FlagsMask
	if mask == 0 {
		mask = ^ServiceFlags(0)
	}
	return (s.Flags^other.Flags)&mask&^Hashed == 0 && s.Scheduler == other.Scheduler &&
		s.Timeout == other.Timeout && s.Netmask == other.Netmask && s.PersistenceEngine == other.PersistenceEngine
}

// SameSettings reports whether an edit with the settings of other, SetDestination, would
// change nothing. It ignores what an edit does not change: the DestinationID, which both
// may have in common or not, the numbers of connections, the Stats, and the bits of
// Forward that the kernel drops.
func (d Destination) SameSettings(other Destination) bool { return d.sameSettings(&other) }

func (d *Destination) sameSettings(other *Destination) bool {
	return (d.Forward^other.Forward)&forwardMask == 0 && d.Weight == other.Weight &&
		d.UpperThreshold == other.UpperThreshold && d.LowerThreshold == other.LowerThreshold &&
		d.TunnelType == other.TunnelType && d.TunnelPort == other.TunnelPort && d.TunnelFlags == other.TunnelFlags
}
