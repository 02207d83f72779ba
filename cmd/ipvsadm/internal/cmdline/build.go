// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// build sets c to the parsed command.
func (b *builder) build(c *Command) {
	c.NetNS = b.netns
	switch b.action {
	case help:
		c.Kind = Help
	case version:
		c.Kind = Version
	case restore:
		c.Kind = Restore
	case save:
		c.Kind, c.Numeric = Save, b.has(numericOption)
	case listNetNS:
		c.Kind, c.All, c.JSON = ListNetNS, b.has(allOption), b.list.Options.Form == format.JSONForm
	case sysctls:
		c.Kind, c.Sysctls, c.JSON, c.Changed = Sysctl, b.sysctls, b.list.Options.Form == format.JSONForm, b.has(changedOption)
		c.Table = b.has(outputOption) && !c.JSON
	case monitorTable:
		c.Kind, c.Monitor, c.JSON = Monitor, b.monitoring(), b.list.Options.Form == format.JSONForm
	case diagnosis:
		c.Kind, c.Diagnosis = Diagnose, Diagnosis{b.diagnosis, b.rulesFile, b.list.Options.Form == format.JSONForm}
	case list:
		c.Kind, c.List = List, b.listing()
	case drainServers:
		c.Kind, c.Drain = Drain, b.draining()
	case rampServer:
		c.Kind, c.Ramp = Ramp, b.ramping()
	case editService, editServer:
		if b.has(keepOption) {
			c.Kind, c.Keep = Keep, b.overlay()
			return
		}
		c.Kind, c.Edit = Change, b.edit()
	default:
		c.Kind, c.Edit = Change, b.edit()
	}
}

// listing returns the listing of a list command.
func (b *builder) listing() Listing {
	l := b.list
	l.ScreenForm = format.TableForm
	if b.has(outputOption) {
		l.ScreenForm = l.Options.Form
	}
	if !b.has(watchOption) {
		l.Interval = 0
	}
	l.New = b.seen.hasAny(newOptions())
	o := &l.Options
	o.Kind = b.listingKind()
	o.Service = b.service.ServiceID
	o.View = b.view()
	o.Numeric = b.has(numericOption)
	o.Exact = b.has(exactOption)
	o.Unsorted = b.has(nosortOption)
	o.PersistenceData = b.has(persistentConnOption)
	return l
}

// listingKind returns what is listed. The Prometheus form only has counts of connections.
func (b *builder) listingKind() listing.Kind {
	switch {
	case b.has(timeoutOption):
		return listing.Timeouts
	case b.has(daemonOption):
		return listing.Daemons
	case !b.has(connectionOption):
		return listing.Table
	case b.has(countByOption) || b.list.Options.Form == format.PrometheusForm:
		return listing.ConnCounts
	}
	return listing.Connections
}

// view returns the view that --stats, --rate and so on select; the first in this order
// wins.
func (b *builder) view() format.View {
	for _, v := range []struct {
		option element
		view   format.View
	}{
		{statsOption, format.Counters},
		{rateOption, format.Rates},
		{thresholdsOption, format.Thresholds},
		{persistentConnOption, format.Persistence},
		{tunInfoOption, format.Tunnels},
	} {
		if b.has(v.option) {
			return v.view
		}
	}
	if b.has(watchOption) {
		return format.Activity
	}
	return format.Connections
}
