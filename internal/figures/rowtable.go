package figures

import (
	"hash/maphash"
	"time"
)

// rowTable numbers the rows of one sidecar. A number is given to another row
// only when no record speaks of the old one any more.
type rowTable struct {
	at   map[uint64]int32 // by a hash of the key
	rows []numberedRow
	// added are the rows that are new since begin, woken all that are alive since.
	added []addedRow
	woken []wokenRow
	// full is when no number was free: not to look for one again and again.
	full time.Duration
}

type numberedRow struct {
	id uint64
	// gone is when its last series went; alive while there is one.
	gone time.Duration
}

// alive is later than all times.
const alive = time.Duration(1<<63 - 1)

type addedRow struct {
	row int32
	key peerKey
}

// wokenRow has what undo restores.
type wokenRow struct {
	row  int32
	gone time.Duration
}

func newRowTable() rowTable { return rowTable{at: map[uint64]int32{}, full: never} }

func (t *rowTable) len() int { return len(t.rows) }

// row gives a key's number; not ok where there are too many.
func (t *rowTable) row(seed maphash.Seed, key peerKey, now time.Duration) (int32, bool) {
	id := maphash.Comparable(seed, key)
	i, ok := t.at[id]
	if ok {
		t.wake(i, t.rows[i].gone)
		return i, true
	}
	if i, ok = t.free(now); !ok {
		return 0, false
	}
	t.at[id] = i
	t.rows[i].id = id
	t.wake(i, never)
	t.added = append(t.added, addedRow{row: i, key: key})
	return i, true
}

// free is a number that nobody uses.
func (t *rowTable) free(now time.Duration) (int32, bool) {
	if t.full == now {
		return 0, false
	}
	for i, r := range t.rows {
		if r.gone <= now-keep {
			delete(t.at, r.id)
			return int32(i), true
		}
	}
	if len(t.rows) < maxRows {
		t.rows = append(t.rows, numberedRow{})
		return int32(len(t.rows) - 1), true
	}
	t.full = now
	return 0, false
}

// retire notes which rows have no series any more.
func (t *rowTable) retire(has []bool, now time.Duration) {
	for i := range t.rows {
		if !has[i] && t.rows[i].gone == alive {
			t.rows[i].gone = now
		}
	}
}

func (t *rowTable) wake(i int32, gone time.Duration) {
	if gone != alive {
		t.woken = append(t.woken, wokenRow{row: i, gone: gone})
		t.rows[i].gone = alive
	}
}

// begin is before a reading.
func (t *rowTable) begin() { t.added, t.woken = nil, t.woken[:0] }

// undo forgets a reading. No record speaks of the rows that were new in it.
func (t *rowTable) undo() {
	for _, w := range t.woken {
		t.rows[w.row].gone = w.gone
	}
}
