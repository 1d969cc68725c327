package figures

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/weft-mesh/weft/translators/envoy"
)

// said is what a sidecar says in protobuf.
func said(t testing.TB, families ...*dto.MetricFamily) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, f := range families {
		if _, err := protodelim.MarshalTo(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func labels(pairs ...string) []*dto.LabelPair {
	var all []*dto.LabelPair
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, &dto.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func someFamilies() []*dto.MetricFamily {
	histogram := &dto.Histogram{
		SampleCount: new(uint64(9)), SampleSum: new(12.5),
		Bucket: []*dto.Bucket{
			{UpperBound: new(0.5), CumulativeCount: new(uint64(3))}, {UpperBound: new(3600000.), CumulativeCount: new(uint64(8))},
		},
	}
	return []*dto.MetricFamily{
		{Name: new(uptimeMetric), Help: new("help"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(17.)}}}},
		{Name: new("envoy_cluster_upstream_rq"), Metric: []*dto.Metric{{Label: labels("a", "b"), Counter: &dto.Counter{Value: new(5.)}}}},
		{Name: new(envoy.FamilyServerRequests), Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{
			{Label: labels("code", "200", "peer", "\"x\\\n"), Counter: &dto.Counter{Value: new(12.)}},
			{Counter: &dto.Counter{Value: new(float64(1 << 52))}},
		}},
		{Name: new(envoy.FamilyServerDuration), Type: dto.MetricType_HISTOGRAM.Enum(), Metric: []*dto.Metric{{Label: labels("port", "80"), Histogram: histogram}, {Histogram: histogram}}},
		{},
	}
}

func TestProtobufIsReadAsText(t *testing.T) {
	bucket := envoy.FamilyServerDuration + bucketSuffix
	want := strings.Join([]string{
		uptimeMetric + "{} 17",
		envoy.FamilyServerRequests + `{code="200",peer="\"x\\\n"} 12`,
		envoy.FamilyServerRequests + `{} 4503599627370496`,
		bucket + `{port="80",le="0.5"} 3`, bucket + `{port="80",le="3600000"} 8`, bucket + `{port="80",le="+Inf"} 9`,
		bucket + `{le="0.5"} 3`, bucket + `{le="3600000"} 8`, bucket + `{le="+Inf"} 9`, "",
	}, "\n")
	data := said(t, someFamilies()...)
	got, err := io.ReadAll(newProtobuf(io.NopCloser(bytes.NewReader(data))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A reading that breaks off, or makes no sense, is an error: it counts for
// nothing.
func TestProtobufThatBreaksOff(t *testing.T) {
	data := said(t, someFamilies()...)
	whole := map[int]bool{} // where a family ends
	for end, families := 0, someFamilies(); len(families) > 0; families = families[1:] {
		whole[end] = true
		end += len(said(t, families[0]))
	}
	for n := range data {
		_, err := io.ReadAll(newProtobuf(io.NopCloser(bytes.NewReader(data[:n]))))
		if (err == nil) != whole[n] {
			t.Errorf("%d bytes of %d: %v", n, len(data), err)
		}
	}
	for name, data := range map[string][]byte{
		"text":                   []byte("# TYPE x counter\nx{} 1\n"),
		"a length without end":   bytes.Repeat([]byte{0xff}, 20),
		"a field that is longer": {3, 0x0a, 9, 'x'},
		"fixed32":                {5, 0x0d, 1, 2, 3, 4},
		"a bad series":           append(append([]byte{byte(len(uptimeMetric) + 5), 0x0a, byte(len(uptimeMetric))}, uptimeMetric...), 0x22, 1, 0xff),
	} {
		if text, err := io.ReadAll(newProtobuf(io.NopCloser(bytes.NewReader(data)))); err == nil {
			t.Errorf("%s is read as %q", name, text)
		}
	}
	for _, end := range [][]byte{{2, 0x18, 0}, {3, 0x18, 0x80, 0}} {
		endless := bytes.NewReader(bytes.Repeat(end, maxBytes/2))
		if _, err := io.ReadAll(newProtobuf(io.NopCloser(endless))); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errTooMuch) {
			t.Errorf("without end: %v", err)
		}
	}
}

// Who knows no protobuf answers in text.
func TestHTTPTakesBoth(t *testing.T) {
	data := said(t, someFamilies()...)
	for _, kind := range []string{protobufType + "; encoding=delimited", "text/plain"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Accept"), protobufType) {
				t.Errorf("accepted is %q", r.Header.Get("Accept"))
			}
			w.Header().Set("Content-Type", kind)
			if kind == "text/plain" {
				_, _ = io.WriteString(w, uptimeMetric+"{} 17\n")
				return
			}
			_, _ = w.Write(data)
		}))
		address := netip.MustParseAddrPort(server.Listener.Addr().String())
		body, err := HTTP(address.Port())(t.Context(), Target{Address: address.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil || !strings.HasPrefix(string(text), uptimeMetric+"{} 17\n") {
			t.Errorf("%s: %v\n%s", kind, err, text)
		}
		body.Close()
		server.Close()
	}
}

// Whatever comes, nothing panics, and what is read are lines.
func FuzzProtobuf(f *testing.F) {
	f.Add(said(f, someFamilies()...))
	f.Add([]byte{2, 0x0a, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := io.ReadAll(io.LimitReader(newProtobuf(io.NopCloser(bytes.NewReader(data))), maxBytes))
		if err == nil && len(text) > 0 && len(text) < maxBytes && text[len(text)-1] != '\n' {
			t.Errorf("%q", text)
		}
	})
}
