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

// hasLatency is a bit of what a row's entry has; the others are those of numbers,
// in their order. What is frequent comes first: seven bits fit in a byte.
const hasLatency = 1

// numbers are the fields of Counts that are but one number.
func (c *Counts) numbers() [9]*uint64 {
	return [...]*uint64{
		&c.Success, &c.Failure, &c.Denied, &c.Connections, &c.BytesIn, &c.BytesOut, &c.OpenSeconds, &c.DeniedRoute, &c.DeniedCertificate,
	}
}

// appendCounts writes one row: its number, bits of what is there, the counts
// that are, and of the histogram the buckets that are not empty.
func appendCounts(data []byte, row int, c *Counts) []byte {
	numbers := c.numbers()
	var mask uint64
	for i, n := range numbers {
		if *n > 0 {
			mask |= hasLatency << (i + 1)
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
	data = binary.AppendUvarint(binary.AppendUvarint(data, uint64(row)), mask)
	for _, n := range numbers {
		if *n > 0 {
			data = binary.AppendUvarint(data, *n)
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
		mask := d.number()
		for i, n := range c.numbers() {
			if mask&(hasLatency<<(i+1)) != 0 {
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
