// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/json"
	"errors"
)

// Service and Destination embed their identities. Without the methods below, encoders
// would take MarshalText and UnmarshalText of the identity for those of the whole, and
// silently lose the settings.

// serviceJSON has the fields of Service in the same order.
type serviceJSON struct {
	ID                ServiceID    `json:"id"`
	Scheduler         string       `json:"scheduler"`
	Flags             ServiceFlags `json:"flags,omitzero"`
	FlagsMask         ServiceFlags `json:"flags_mask,omitzero"`
	Timeout           uint32       `json:"persistence_timeout,omitempty"`
	Netmask           Netmask      `json:"netmask,omitzero"`
	PersistenceEngine string       `json:"persistence_engine,omitempty"`
	Stats             Stats        `json:"stats,omitzero"`
}

func (s *Service) jsonForm() serviceJSON {
	return serviceJSON{s.ServiceID, s.Scheduler, s.Flags, s.FlagsMask, s.Timeout, s.Netmask, s.PersistenceEngine, s.Stats}
}

// MarshalJSON writes the JSON form.
func (s Service) MarshalJSON() ([]byte, error) { return json.Marshal(s.jsonForm()) }

// UnmarshalJSON reads the JSON form. Fields that it lacks become zero, and unknown fields
// are errors.
func (s *Service) UnmarshalJSON(b []byte) error {
	j := s.jsonForm()
	err := readJSON(b, &j)
	if err == nil {
		*s = Service{j.ID, j.Scheduler, j.Flags, j.FlagsMask, j.Timeout, j.Netmask, j.PersistenceEngine, j.Stats}
	}
	return err
}

// MarshalText writes what String returns, for logs.
func (s Service) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText returns an error: a service is read from its JSON form only.
func (s *Service) UnmarshalText([]byte) error {
	return errors.New("ipvs: a service cannot be read from text, only from JSON")
}

// destinationJSON has the fields of Destination in the same order.
type destinationJSON struct {
	ID              DestinationID    `json:"id"`
	Forward         ForwardingMethod `json:"forward"`
	Weight          uint32           `json:"weight"`
	UpperThreshold  uint32           `json:"upper_threshold,omitempty"`
	LowerThreshold  uint32           `json:"lower_threshold,omitempty"`
	TunnelType      TunnelType       `json:"tunnel_type,omitzero"`
	TunnelPort      uint16           `json:"tunnel_port,omitempty"`
	TunnelFlags     TunnelFlags      `json:"tunnel_flags,omitzero"`
	ActiveConns     uint32           `json:"active_connections,omitempty"`
	InactiveConns   uint32           `json:"inactive_connections,omitempty"`
	PersistentConns uint32           `json:"persistent_connections,omitempty"`
	Stats           Stats            `json:"stats,omitzero"`
}

func (d *Destination) jsonForm() destinationJSON {
	return destinationJSON{
		d.DestinationID, d.Forward, d.Weight, d.UpperThreshold, d.LowerThreshold,
		d.TunnelType, d.TunnelPort, d.TunnelFlags, d.ActiveConns, d.InactiveConns, d.PersistentConns, d.Stats,
	}
}

// MarshalJSON writes the JSON form.
func (d Destination) MarshalJSON() ([]byte, error) { return json.Marshal(d.jsonForm()) }

// UnmarshalJSON reads the JSON form. Fields that it lacks become zero, and unknown fields
// are errors.
func (d *Destination) UnmarshalJSON(b []byte) error {
	j := d.jsonForm()
	err := readJSON(b, &j)
	if err == nil {
		*d = Destination{
			j.ID, j.Forward, j.Weight, j.UpperThreshold, j.LowerThreshold,
			j.TunnelType, j.TunnelPort, j.TunnelFlags, j.ActiveConns, j.InactiveConns, j.PersistentConns, j.Stats,
		}
	}
	return err
}

// MarshalText writes what String returns, for logs.
func (d Destination) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText returns an error: a destination is read from its JSON form only.
func (d *Destination) UnmarshalText([]byte) error {
	return errors.New("ipvs: a destination cannot be read from text, only from JSON")
}
