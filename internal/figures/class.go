package figures

// class is what a series counts.
type class uint8

const (
	success class = iota
	failure
	denied
	deniedRoute
	deniedCertificate
	connection
	brokenConnection
	bytesIn
	bytesOut
	openSeconds
	latency
	// request is success or failure, as its labels say.
	request
)

// width is how many values a series has.
func (w class) width() int {
	if w == latency {
		return buckets
	}
	return 1
}

// since adds what was counted between two values of a series of one class;
// before is nil where the series began at zero.
func (c *Counts) since(what class, now, before []uint64) {
	if what == latency {
		c.Latency.since(now, before)
		return
	}
	n := now[0]
	if before != nil {
		n -= before[0]
	}
	switch what {
	case success:
		c.Success += n
	case failure:
		c.Failure += n
	case denied:
		c.deny(n)
	case deniedRoute:
		c.deny(n)
		c.DeniedRoute += n
	case deniedCertificate:
		c.deny(n)
		c.DeniedCertificate += n
	case connection:
		c.Connections += n
		c.Success += n
	case brokenConnection:
		c.Connections += n
		c.Failure += n
	case bytesIn:
		c.BytesIn += n
	case bytesOut:
		c.BytesOut += n
	case openSeconds:
		c.OpenSeconds += n
	}
}

func (c *Counts) deny(n uint64) {
	c.Denied += n
	c.Failure += n
}

// since is as that of Counts, for buckets that are cumulative. A bucket with
// less than its smaller neighbour is a lie, and counts for nothing.
func (h *Histogram) since(now, before []uint64) {
	var below uint64
	for i, n := range now {
		if before != nil {
			n -= before[i]
		}
		if n > below {
			h[i] += n - below
			below = n
		}
	}
}
