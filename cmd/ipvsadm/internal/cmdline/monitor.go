// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/monitor"
)

const defaultMonitorInterval = time.Second

func (b *builder) monitoring() monitor.Options {
	return monitor.Options{
		Service: b.service.ServiceID, Interval: b.list.Interval, Full: b.has(fullOption), All: b.has(allOption),
	}
}
