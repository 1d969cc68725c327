package figures

import (
	"encoding/binary"
	"time"
)

// record is what a sidecar counted between two readings: of each row that had
// traffic, what is not zero. Thousands of sidecars with dozens of records each
// are kept, so it is bytes and holds no pointers.
type record struct {
	// from and to are when the readings were, on the collector's own clock.
	from, to time.Duration
	data     []byte
}

// fields of Counts, as bits of what a row's entry has.
const (
	hasSuccess = 1 << iota
	hasFailure
	hasDenied
	hasConnections
	hasIn
	hasOut
	hasLatency
)

// appendCounts writes one row: its number, a byte of what is there, the counts
// that are, and of the histogram the buckets that are not empty.
func appendCounts(data []byte, row int, c *Counts) []byte {
	numbers := [...]uint64{c.Success, c.Failure, c.Denied, c.Connections, c.BytesIn, c.BytesOut}
	var mask byte
	for i, n := range numbers {
		if n > 0 {
			mask |= 1 << i
		}
	}
	filled := 0
	for _, n := range c.Latency {
		if n > 0 {
			filled++
		}
	}
	if filled > 0 {
		mask |= hasLatency
	}
	if mask == 0 {
		return data
	}
	data = append(binary.AppendUvarint(data, uint64(row)), mask)
	for _, n := range numbers {
		if n > 0 {
			data = binary.AppendUvarint(data, n)
		}
	}
	if filled > 0 {
		data = append(data, byte(filled))
		for i, n := range c.Latency {
			if n > 0 {
				data = binary.AppendUvarint(append(data, byte(i)), n)
			}
		}
	}
	return data
}

// addCounts adds a record to the sums of all rows.
func addCounts(data []byte, sums []Counts) {
	d := decoder{data}
	for len(d.rest) > 0 {
		c := &sums[d.number()]
		mask := d.byte()
		for bit, n := range [...]*uint64{&c.Success, &c.Failure, &c.Denied, &c.Connections, &c.BytesIn, &c.BytesOut} {
			if mask&(1<<bit) != 0 {
				*n += d.number()
			}
		}
		if mask&hasLatency != 0 {
			for range d.byte() {
				i := d.byte()
				c.Latency[i] += d.number()
			}
		}
	}
}

// decoder reads what appendCounts wrote.
type decoder struct{ rest []byte }

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.rest)
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) byte() byte {
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}
