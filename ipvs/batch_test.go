package ipvs

import (
	"net/netip"
	"testing"
)

// An error names what its change was about, although that is packed by then.
func TestSubjectOfAMessage(t *testing.T) {
	d := Destination{DestinationID: DestinationID{netip.MustParseAddrPort("10.0.0.2:80")}, Weight: 1}
	for _, id := range []ServiceID{
		{Protocol: TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		{Protocol: SCTP, AddrPort: netip.MustParseAddrPort("[fd00::1]:80")},
		{FWMark: 7},
		{FWMark: 7, Family: IPv6},
	} {
		s := Service{ServiceID: id, Scheduler: "rr", Netmask: id.AddressFamily().HostNetmask()}
		changes := []Change{
			NewService(s), SetService(s), DelService(id), ZeroService(id),
			NewDestination(id, d), SetDestination(id, d), DelDestination(id, d.DestinationID),
			ZeroAll(), Flush(), StartDaemon(Daemon{State: Backup, Interface: "eth0"}), StopDaemon(Master), SetConfig(Config{TCP: 1}),
		}
		var b Batch
		for i := range changes {
			if err := b.Add(&changes[i]); err != nil {
				t.Fatal(err)
			}
		}
		if b.Len() != len(changes) {
			t.Fatalf("%d changes, %d in the batch", len(changes), b.Len())
		}
		for i, ch := range changes {
			command, subject := subjectOf(b.message(i))
			if command != ch.Command || subject != ch.subject() {
				t.Errorf("got %q of %q, expected %q of %q", command, subject, ch.Command, ch.subject())
			}
		}
	}
}

func TestBatchLeavesOutWhatCannotBeSent(t *testing.T) {
	var b Batch
	good, bad := Flush(), NewService(Service{})
	for _, ch := range []*Change{&good, &bad, &good} {
		if err := b.Add(ch); (err != nil) != (ch == &bad) {
			t.Errorf("%s: %v", ch.Command, err)
		}
	}
	if b.Len() != 2 || string(b.message(0)) != string(b.message(1)) {
		t.Errorf("the batch has %d messages: %x", b.Len(), b.data.b)
	}
}

// A batch that grew like another one takes the same changes without more memory.
func TestBatchGrowsLikeAnother(t *testing.T) {
	change := NewService(Service{ServiceID: ServiceID{FWMark: 7}, Scheduler: "rr"})
	add := func(b *Batch) {
		for range batchSize {
			if err := b.Add(&change); err != nil {
				t.Fatal(err)
			}
		}
	}
	var first, second Batch
	add(&first)
	second.GrowLike(&first)
	data, ends := cap(second.data.b), cap(second.ends)
	add(&second)
	if second.Len() != batchSize || cap(second.data.b) != data || cap(second.ends) != ends {
		t.Errorf("%d changes, room for %d bytes and %d ends became %d and %d", second.Len(), data, ends, cap(second.data.b), cap(second.ends))
	}
}
