package figures

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
)

// What breaks off, wherever, is told by the next reading, once.
func TestReadingThatBreaksOff(t *testing.T) {
	full := watch(t)
	full.requests(15, "200", 7)
	full.requests(5, "500", 7)
	full.uptime = 1e6
	for cut := 0; cut < len(full.String()); cut += 7 {
		w := watch(t)
		w.uptime = 1e6
		w.requests(10, "200", 7)
		w.reads()
		w.passes(5 * time.Second)
		w.requests(5, "200", 7)
		w.requests(5, "500", 7)
		broken := io.MultiReader(strings.NewReader(w.String()[:cut]), iotest.ErrReader(errors.New("gone")))
		if _, err := w.readsFrom(broken); err == nil {
			t.Fatal("no error")
		}
		w.passes(5 * time.Second)
		w.requests(1, "200", 700)
		w.reads()
		if c := w.counted(DefaultWindow); c.Success != 6 || c.Failure != 5 || c.Latency.Count() != 11 {
			t.Fatalf("cut at %d: %d successes, %d failures, %d durations; want 6, 5, 11", cut, c.Success, c.Failure, c.Latency.Count())
		}
	}
}

func TestBounds(t *testing.T) {
	row := func(i int) string {
		return fmt.Sprintf("%s{peer=%q,port=\"80\",code=\"200\"} 1\n", envoy.FamilyServerRequests, dns(fmt.Sprint("a", i)))
	}
	code := func(i int) string {
		return fmt.Sprintf("%s{peer=%q,port=\"80\",code=\"200\",rule=\"%d\"} 1\n", envoy.FamilyServerRequests, dns("a"), i)
	}
	for name, test := range map[string]struct {
		line  func(int) string
		lines int
		err   bool
	}{
		"rows":               {line: row, lines: 20_000},
		"series":             {line: code, lines: 20_000},
		"series without end": {line: func(i int) string { return row(i % 10) }, lines: 200_000, err: true},
		"bytes":              {line: func(int) string { return "#" + strings.Repeat(" ", 4000) + "\n" }, lines: 10_000, err: true},
		"a line":             {line: func(int) string { return strings.Repeat("x", 10_000) }, lines: 3, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			for range 2 { // as much again has no room either
				w.now += time.Second
				o, err := w.readsFrom(&endless{line: test.line, left: test.lines})
				if (err != nil) != test.err {
					t.Errorf("error %v", err)
				}
				if !test.err && o.dropped == 0 {
					t.Error("nothing was dropped")
				}
			}
			r := w.p.reader
			if len(r.series) > maxSeries || len(r.at) > maxSeries || r.rows.len() > maxRows || len(w.p.keys) > maxRows || len(r.values) > maxSeries*buckets {
				t.Errorf("%d series, %d rows, %d values", len(r.series), r.rows.len(), len(r.values))
			}
		})
	}
}

// A sidecar that once said far too much has room for what is true as soon as no
// window reaches that any more.
func TestRoomAfterTooMuch(t *testing.T) {
	w := watch(t)
	for i := range 3 * maxRows {
		w.count(envoy.FamilyServerRequests, 1, "peer", dns(fmt.Sprint("a", i)), "port", "80", "code", "200")
	}
	if o := w.reads(); o.dropped != 2*maxRows {
		t.Fatalf("%d were dropped, want %d", o.dropped, 2*maxRows)
	}
	uptime := w.uptime
	w.restart()
	w.uptime = uptime
	w.requests(1, "200", 7)
	w.passes(5 * time.Second)
	if o := w.reads(); o.dropped == 0 {
		t.Error("there is room already: records still speak of the rows")
	}
	w.passes(keep)
	w.reads()
	w.requests(3, "200", 7)
	w.passes(5 * time.Second)
	if o := w.reads(); o.dropped != 0 {
		t.Errorf("%d were dropped", o.dropped)
	}
	w.expect(3, 0)
}

// A series that found no room before has counted since nobody knows when.
func TestSeriesThatHadNoRoom(t *testing.T) {
	w := watch(t)
	w.uptime = 1e6
	for i := range maxSeries {
		w.count(envoy.FamilyServerRequests, 1, "port", "80", "code", "200", envoy.LabelRule, fmt.Sprint(i))
	}
	w.requests(500, "200", 7)
	if o := w.reads(); o.dropped == 0 {
		t.Fatal("there was room")
	}
	uptime := w.uptime
	w.restart()
	w.uptime = uptime
	w.passes(5 * time.Second)
	w.requests(500, "200", 7)
	if o := w.reads(); o.dropped == 0 {
		t.Fatal("there was room before the others were forgotten")
	}
	w.passes(5 * time.Second)
	w.requests(1, "200", 7)
	w.reads()
	w.passes(5 * time.Second)
	w.requests(2, "200", 7)
	w.reads()
	w.expect(2, 0)
}

// A line without its end may lack digits of its number.
func TestLastLineWithoutEnd(t *testing.T) {
	w := watch(t)
	text := uptimeMetric + "{} 1\n" + envoy.FamilyServerRequests + `{port="80",code="200"} 3`
	if _, err := w.readsFrom(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	w.expect(0, 0)
	w.passes(5 * time.Second)
	if _, err := w.readsFrom(strings.NewReader(text + "7\n")); err != nil {
		t.Fatal(err)
	}
	w.expect(37, 0)
}

// endless writes lines.
type endless struct {
	line func(int) string
	left int
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.left == 0 {
			return 0, io.EOF
		}
		e.left--
		e.rest = e.line(e.left)
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestGarbageIsCountedAndHarmless(t *testing.T) {
	f := envoy.FamilyServerRequests
	d := envoy.FamilyServerDuration + bucketSuffix
	for name, line := range map[string]string{
		"no value":                 f + `{code="200"}`,
		"not a number":             f + `{code="200"} x`,
		"NaN":                      f + `{code="200"} NaN`,
		"infinite":                 f + `{code="200"} +Inf`,
		"negative":                 f + `{code="200"} -1`,
		"a fraction":               f + `{code="200"} 1.5`,
		"too great":                f + `{code="200"} 1e300`,
		"beyond 64 bits":           f + `{code="200"} 99999999999999999999999999`,
		"nothing after the brace":  f + `{`,
		"labels without quotes":    f + `{code=200} 1`,
		"a label that never ends":  f + `{code="200} 1`,
		"labels without commas":    f + `{code="200"port="1"} 1`,
		"a port that is none":      f + `{code="200",port="70000"} 1`,
		"a peer that is none":      f + `{code="200",peer="web"} 1`,
		"an identity that is none": f + `{code="200",identity="web"} 1`,
		"what moves the cursor":    f + "{code=\"200\",service=\"shop/\x1b[2J\"} 1",
		"no Service":               f + `{code="200",service="shop"} 1`,
		"a name without end":       f + `{code="200",service="shop/` + strings.Repeat("a", 2000) + `"} 1`,
		"no bound":                 d + `{port="80"} 1`,
		"a bound of another":       d + `{port="80",le="3"} 1`,
		"the bound is not last":    d + `{le="5",port="80"} 1`,
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			w.requests(3, "200", 7)
			o, err := w.readsFrom(strings.NewReader(line + "\n" + w.String() + line + "\n"))
			if err != nil || o.garbage != 2 {
				t.Errorf("%d lines were garbage, want 2; error %v", o.garbage, err)
			}
			w.expect(3, 0)
		})
	}
}

// Buckets that shrink as they grow wider are a lie; they never count below zero.
func TestHistogramThatLies(t *testing.T) {
	w := watch(t)
	d := envoy.FamilyServerDuration + bucketSuffix
	if _, err := w.readsFrom(strings.NewReader(d + `{port="80",le="5"} 10` + "\n" + d + `{port="80",le="10"} 3` + "\n" + d + `{port="80",le="+Inf"} 12` + "\n" + uptimeMetric + "{} 1\n")); err != nil {
		t.Fatal(err)
	}
	c := w.counted(DefaultWindow)
	if c.Latency.Count() != 12 {
		t.Errorf("%v", c.Latency)
	}
}
