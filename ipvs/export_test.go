package ipvs

import "io"

// SetProcTable lets a client of a fake find the listing of /proc in a function.
func (c *Client) SetProcTable(open func() (io.ReadCloser, error)) { c.openProc = open }
