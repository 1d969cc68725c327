package figures

import (
	"bufio"
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// Bounds of what one sidecar can cost. A real one has some rows for each
// workload that it speaks with, a few series a row, and some 300 bytes a line.
const (
	maxRows   = 2000
	maxSeries = 4 * maxRows
	maxBytes  = 16 << 20
	maxLine   = 16 << 10
)

// keep is how long a record is kept: a little longer than anybody asks for.
const keep = MaxWindow + time.Minute

// never is before all windows.
const never = time.Duration(math.MinInt64 / 2)

var errTooMuch = errors.New("more bytes than a sidecar can need")

// reader keeps what one sidecar said last, to tell what it counted since.
type reader struct {
	seed maphash.Seed
	// at names the series by a hash of its text, which saves keeping the text.
	at     map[uint64]int32
	series []series
	// values are the series' last ones, as the sidecar counts them; a histogram
	// has one for each bucket, cumulative.
	values []uint64
	rows   rowTable
	// turn counts readings, to see which series are gone.
	turn  uint16
	begun bool
	// whole tells that there was room for all of the last reading: a series that
	// is new has then counted from zero since.
	whole bool
	// last is when it was read, uptime what it said of itself then, in seconds.
	last   time.Duration
	uptime uint64
	// services gives the Service of an address, if Services are known.
	services func(netip.AddrPort) model.Key
	// open gives the account of a series, if accounts are kept.
	open func(peerKey, class, result) Account
}

type series struct {
	row   int32
	value int32 // the index of its first value
	turn  uint16
	class class
	// account is nil where none is kept.
	account Account
}

// outcome is what one reading gave.
type outcome struct {
	record record
	// added are the rows that are new, by number.
	added []addedRow
	// garbage are lines that make no sense, dropped those beyond the bounds.
	garbage, dropped int
}

// scratch is memory that a reading needs and that the next may use again.
type scratch struct {
	before []uint64
	sums   []Counts
	data   []byte
	line   []byte
	row    Row
}

func newReader() *reader {
	return &reader{seed: maphash.MakeSeed(), at: map[uint64]int32{}, rows: newRowTable()}
}

// read takes what a sidecar says at the time now. A reading that breaks off
// counts for nothing: the next one tells all of it.
func (r *reader) read(body io.Reader, now time.Duration, s *scratch) (outcome, error) {
	var o outcome
	r.turn++
	r.rows.begin()
	s.before = append(s.before[:0], r.values...)
	uptime, told, err := r.scan(body, now, s, &o)
	o.added = r.rows.added
	if err != nil {
		r.undo(s)
		return o, err
	}
	restarted := r.begun && told && uptime < r.uptime
	from := r.last
	if !r.begun || restarted {
		from = started(now, uptime, told)
	}
	r.difference(s, restarted, r.whole || restarted || !r.begun, r.begun || from >= 0)
	o.record = record{from: from, to: now}
	if from > now-keep {
		o.record.data = encode(s)
	}
	r.whole = o.dropped == 0
	r.forget(now)
	r.begun, r.last = true, now
	if told {
		r.uptime = uptime
	}
	return o, nil
}

// undo forgets a reading.
func (r *reader) undo(s *scratch) {
	if len(r.values) > len(s.before) {
		maps.DeleteFunc(r.at, func(_ uint64, i int32) bool { return int(r.series[i].value) >= len(s.before) })
		r.series = slices.DeleteFunc(r.series, func(of series) bool { return int(of.value) >= len(s.before) })
	}
	r.values = append(r.values[:0], s.before...)
	r.rows.undo()
}

// started is when a sidecar began to count: all that it says is since then.
func started(now time.Duration, uptime uint64, told bool) time.Duration {
	if !told || uptime > uint64(keep/time.Second) {
		return never
	}
	return now - time.Duration(uptime)*time.Second
}

// scan takes every line's value, and gives the sidecar's uptime if it is told.
func (r *reader) scan(body io.Reader, now time.Duration, s *scratch, o *outcome) (uptime uint64, told bool, err error) {
	limited := &io.LimitedReader{R: body, N: maxBytes}
	if s.line == nil {
		s.line = make([]byte, maxLine)
	}
	lines := bufio.NewScanner(limited)
	lines.Buffer(s.line, maxLine)
	lines.Split(wholeLines)
	for lines.Scan() {
		text := lines.Bytes()
		switch {
		case bytes.HasPrefix(text, seriesPrefix):
			r.take(text, now, o)
		case bytes.HasPrefix(text, uptimePrefix):
			if l, ok := parseLine(text); ok {
				uptime, told = l.value, true
			}
		}
	}
	err = lines.Err()
	if err == nil && limited.N == 0 {
		err = errTooMuch
	}
	return uptime, told, err
}

// wholeLines splits at line ends. What has none is cut off, and its number with
// it.
func wholeLines(data []byte, _ bool) (advance int, line []byte, err error) {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return 0, nil, nil
	}
	return end + 1, data[:end], nil
}

// take keeps the value of one series.
func (r *reader) take(text []byte, now time.Duration, o *outcome) {
	name, _, _ := bytes.Cut(text, []byte("{"))
	f, ok := families[string(name)]
	if !ok {
		return // a histogram's sum, or a figure that nobody here asks for
	}
	l, ok := parseLine(text)
	if !ok {
		o.garbage++
		return
	}
	bucket := 0
	if f.class == latency {
		if l.labels, bucket, ok = cutBound(l.labels); !ok {
			o.garbage++
			return
		}
	}
	id := maphash.Bytes(r.seed, text[:len(l.name)+1+len(l.labels)])
	i, ok := r.at[id]
	if !ok {
		if i, ok = r.add(id, f, l.labels, now, o); !ok {
			return
		}
	}
	s := &r.series[i]
	s.turn = r.turn
	r.values[int(s.value)+bucket] = l.value
}

// add makes room for a series that is new.
func (r *reader) add(id uint64, f family, labels []byte, now time.Duration, o *outcome) (int32, bool) {
	key, how, ok := meaning(f, labels)
	if !ok {
		o.garbage++
		return 0, false
	}
	if key.address.IsValid() && r.services != nil {
		key.service = r.services(key.address)
		key.address = netip.AddrPort{}
	}
	if len(r.series) >= maxSeries {
		o.dropped++
		return 0, false
	}
	row, ok := r.rows.row(r.seed, key, now)
	if !ok {
		o.dropped++
		return 0, false
	}
	what := how.class(f.class)
	added := series{row: row, value: int32(len(r.values)), turn: r.turn, class: what}
	if r.open != nil {
		added.account = r.open(key, what, how)
	}
	i := int32(len(r.series))
	r.at[id] = i
	r.series = append(r.series, added)
	r.values = append(r.values, make([]uint64, what.width())...)
	return i, true
}

// difference sums what every row counted since the values before. A series that
// is new counts from zero where fresh says so; else nobody knows since when. The
// accounts are not told what was counted before they were kept.
func (r *reader) difference(s *scratch, restarted, fresh, tell bool) {
	s.sums = append(s.sums[:0], make([]Counts, r.rows.len())...)
	for i := range r.series {
		of := &r.series[i]
		if of.turn != r.turn {
			continue
		}
		start, end := int(of.value), int(of.value)+of.class.width()
		var before []uint64
		if start < len(s.before) {
			before = s.before[start:end]
		} else if !fresh {
			continue
		}
		if restarted || less(r.values[start:end], before) {
			before = nil
		}
		s.sums[of.row].since(of.class, r.values[start:end], before)
		if tell && of.account != nil {
			of.tell(r.values[start:end], before)
		}
	}
}

// less tells that a count went backwards, as after a restart.
func less(now, before []uint64) bool {
	for i, n := range before {
		if now[i] < n {
			return true
		}
	}
	return false
}

// encode gives the sums as a record's bytes.
func encode(s *scratch) []byte {
	s.data = s.data[:0]
	for row := range s.sums {
		s.data = appendCounts(s.data, row, &s.sums[row])
	}
	return bytes.Clone(s.data)
}

// forget drops the series that the last reading did not have.
func (r *reader) forget(now time.Duration) {
	gone := 0
	for i := range r.series {
		if r.series[i].turn != r.turn {
			gone++
		}
	}
	if gone == 0 {
		return
	}
	left := make([]series, 0, len(r.series)-gone)
	values := make([]uint64, 0, len(r.values))
	alive := make([]bool, r.rows.len())
	for id, i := range r.at {
		s := r.series[i]
		if s.turn != r.turn {
			delete(r.at, id)
			continue
		}
		alive[s.row] = true
		start := int(s.value)
		s.value = int32(len(values))
		values = append(values, r.values[start:start+s.class.width()]...)
		r.at[id] = int32(len(left))
		left = append(left, s)
	}
	r.series, r.values = left, values
	r.rows.retire(alive, now)
}
