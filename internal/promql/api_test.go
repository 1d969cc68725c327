package promql

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	query  = "/api/v1/query"
	ranged = "/api/v1/query_range"
)

// What makes no sense is refused with the name of the parameter.
func TestMalformedQuestions(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(1)
	in := func(parameters ...string) url.Values {
		v := url.Values{"query": {"1"}, "start": {"0"}, "end": {"10"}, "step": {"1"}}
		for i := 0; i < len(parameters); i += 2 {
			v.Set(parameters[i], parameters[i+1])
		}
		return v
	}
	for name, test := range map[string]struct {
		path       string
		parameters url.Values
		names      string
	}{
		"no query":           {query, url.Values{}, "query"},
		"half a query":       {query, in("query", "sum("), "query"},
		"no such function":   {query, in("query", "explode(1)"), "query"},
		"a matrix of nobody": {ranged, in("query", "x[5m]"), "query"},
		"no regexp":          {query, in("query", `x{a=~"("}`), "query"},
		"no time":            {query, in("time", "yesterday"), "time"},
		"never":              {query, in("time", "NaN"), "time"},
		"far away":           {query, in("time", "1e300"), "time"},
		"no timeout":         {query, in("timeout", "soon"), "timeout"},
		"no limit":           {query, in("limit", "-1"), "limit"},
		"a limit of what":    {ranged, in("limit", "all"), "limit"},
		"no start":           {ranged, in("start", ""), "start"},
		"a start of what":    {ranged, in("start", "x"), "start"},
		"no end":             {ranged, in("end", ""), "end"},
		"backwards":          {ranged, in("end", "-1"), "end"},
		"no step":            {ranged, in("step", ""), "step"},
		"no step at all":     {ranged, in("step", "0"), "step"},
		"a step back":        {ranged, in("step", "-5s"), "step"},
		"a step of what":     {ranged, in("step", "1e300"), "step"},
		"too many steps":     {ranged, in("end", "11002"), "step"},
		"no selector":        {"/api/v1/series", in(), "match[]"},
		"half a selector":    {"/api/v1/series", in("match[]", "{"), "match[]"},
		"labels of what":     {"/api/v1/labels", in("match[]", "1 +"), "match[]"},
		"values of what":     {"/api/v1/label/le/values", in("match[]", "{}"), "match[]"},
		"no name":            {"/api/v1/label/%ff/values", in(), "name"},
	} {
		t.Run(name, func(t *testing.T) {
			status, r := w.get(test.path, test.parameters)
			if status != http.StatusBadRequest || r.Status != "error" || r.ErrorType != "bad_data" || !strings.Contains(r.Error, `"`+test.names+`"`) {
				t.Errorf("%d %v, want 400 that names %s", status, r, test.names)
			}
		})
	}
}

// What costs too much is refused, and the next is answered.
func TestBounds(t *testing.T) {
	w := newWorld(t, Families()...)
	for range 20 {
		w.ticks(30, w.answered("200", 1), w.took(3, 1))
	}
	long := url.Values{
		"query": {`count_over_time(istio_request_duration_milliseconds_bucket[1h])`},
		"start": {"1700000000"}, "end": {"1700003600"}, "step": {"1"},
	}
	status, r := w.get(ranged, long)
	if status != http.StatusUnprocessableEntity || !strings.Contains(r.Error, "too many samples") {
		t.Errorf("too many samples: %d %v", status, r)
	}
	long.Set("timeout", "0.000001")
	if status, r := w.get(ranged, long); status != http.StatusServiceUnavailable || r.ErrorType != "timeout" {
		t.Errorf("too long: %d %v", status, r)
	}
	if status, r := w.get(query, url.Values{"query": {strings.Repeat("(", 20_000) + "1"}}); status != http.StatusBadRequest {
		t.Errorf("nested: %d %v", status, r)
	}
	body := strings.NewReader("query=" + strings.Repeat("1%2B", maxQuery) + "1")
	request := httptest.NewRequest(http.MethodPost, query, body)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, request)
	if rec.Code != http.StatusBadRequest {
		t.Errorf("a body without end: %d %s", rec.Code, rec.Body)
	}
	if got := w.values("vector(1)"); len(got) != 1 {
		t.Errorf("afterwards: %v", got)
	}
}

// Those that wait for others are not answered later than they may be.
func TestAtOnce(t *testing.T) {
	w := newWorld(t, Families()...)
	for range cap(w.server.slots) {
		w.server.slots <- struct{}{}
	}
	w.server.limit = time.Millisecond
	if status, r := w.get(query, url.Values{"query": {"1"}}); status != http.StatusServiceUnavailable || r.ErrorType != "timeout" {
		t.Errorf("%d %v", status, r)
	}
}

// No answer has what is another's.
func TestAnswersAreNotMixed(t *testing.T) {
	w := newWorld(t, Families()...)
	for range 10 {
		w.ticks(5, w.answered("200", 3), w.answered("503", 7))
	}
	ask := func(code string) string {
		rec := httptest.NewRecorder()
		v := url.Values{"query": {`osm_request_total{response_code="` + code + `"}`}, "start": {"1700000005"}, "end": {"1700000250"}, "step": {"1"}}
		w.server.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, ranged+"?"+v.Encode(), http.NoBody))
		return rec.Body.String()
	}
	want := map[string]string{"200": ask("200"), "503": ask("503")}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 50 {
				code := []string{"200", "503"}[i%2]
				if got := ask(code); got != want[code] {
					t.Errorf("%s: %.300s\nwant %.300s", code, got, want[code])
					return
				}
			}
		})
	}
	all.Wait()
}

// Argo's client asks by POST.
func TestFormsAreRead(t *testing.T) {
	w := newWorld(t, Families()...)
	request := httptest.NewRequest(http.MethodPost, query, strings.NewReader("query=1%2B1&time=7"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, request)
	const want = `{"status":"success","data":{"resultType":"scalar","result":[7,"2"]}}`
	if got := strings.TrimSpace(rec.Body.String()); rec.Code != http.StatusOK || got != want {
		t.Errorf("%d %s, want %s", rec.Code, got, want)
	}
}

func TestRanges(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(3)
	w.ticks(3, w.answered("200", 10))
	status, r := w.get(ranged, url.Values{"query": {`sum(osm_request_total)`}, "start": {"1700000005"}, "end": {"1700000030"}, "step": {"5s"}})
	const want = `{"resultType":"matrix","result":[{"metric":{},"values":[` +
		`[1700000005,"0"],[1700000010,"0"],[1700000015,"0"],[1700000020,"10"],[1700000025,"20"],[1700000030,"30"]]}]}`
	if status != http.StatusOK || string(r.Data) != want {
		t.Errorf("%d %s %s\nwant %s", status, r.Data, r.Error, want)
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t, Linkerd)
	w.ticks(2, w.answered("200", 1), w.answered("503", 1), w.took(3, 1))
	for path, want := range map[string][]string{
		"/api/v1/label/__name__/values":                                   {"response_latency_ms_bucket", "response_latency_ms_count", "response_total"},
		"/api/v1/label/classification/values":                             {"failure", "success"},
		"/api/v1/label/status_code/values?match[]={status_code=~\"5..\"}": {"503"},
		"/api/v1/label/le/values?limit=2":                                 {"+Inf", "0.5"},
		"/api/v1/label/nothing/values":                                    {},
		"/api/v1/labels?match[]=response_total{status_code=\"503\"}&match[]=no_such_name": {
			"__name__", "classification", "client_id", "client_kind", "client_name", "client_namespace", "deployment", "direction", "namespace",
			"status_code", "target_port", "tls", "workload_kind", "workload_name",
		},
	} {
		path, text, _ := strings.Cut(path, "?")
		parameters, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		status, r := w.get(path, parameters)
		var got []string
		if err := json.Unmarshal(r.Data, &got); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v", path, status, r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s (-want +got)\n%s", path, text, diff)
		}
	}
	status, r := w.get("/api/v1/series", url.Values{"match[]": {`response_total{status_code="503"}`, `{tls="true",status_code="503"}`}})
	const want = `[{"__name__":"response_total","classification":"failure","client_id":"spiffe://weft.mesh/ns/shop/sa/client","client_kind":"Deployment",` +
		`"client_name":"client","client_namespace":"shop","deployment":"web","direction":"inbound","namespace":"shop","status_code":"503",` +
		`"target_port":"8080","tls":"true","workload_kind":"Deployment","workload_name":"web"}]`
	if status != http.StatusOK || string(r.Data) != want {
		t.Errorf("series: %d %s\nwant %s", status, r.Data, want)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(2, w.answered("200", 1), w.answered("503", 1))
	for path, parameters := range map[string]url.Values{
		query:            {"query": {`{__name__=~".+"}`}, "limit": {"2"}},
		ranged:           {"query": {`{__name__=~".+"}`}, "limit": {"2"}, "start": {"1700000005"}, "end": {"1700000010"}, "step": {"5"}},
		"/api/v1/series": {"match[]": {`{__name__=~".+"}`}, "limit": {"2"}},
	} {
		status, r := w.get(path, parameters)
		if n := strings.Count(string(r.Data), "__name__"); status != http.StatusOK || n != 2 {
			t.Errorf("%s: %d %v: %d series", path, status, r, n)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, ask := range flagger {
		f.Add(ask.success, "1700000060", "15s")
		f.Add(ask.duration, "", "1")
	}
	f.Add(`max_over_time(rate({__name__=~".+"}[30s] offset -5s)[1m:] @ 1700000010)`, "2023-11-14T22:13:20Z", "1e3")
	f.Add(`label_replace(topk(3, {le!=""}), "a", "$1", "le", "(.*)")`, "-1", "0")
	f.Fuzz(func(t *testing.T, text, at, step string) {
		w := newWorld(t, Families()...)
		w.server.limit = time.Second
		w.ticks(15, w.answered("200", 3), w.answered("503", 1), w.took(4, 2))
		for path, parameters := range map[string]url.Values{
			query:                         {"query": {text}, "time": {at}},
			ranged:                        {"query": {text}, "start": {at}, "end": {"1700000060"}, "step": {step}},
			"/api/v1/series":              {"match[]": {text}, "limit": {step}},
			"/api/v1/label/source/values": {"match[]": {text}},
		} {
			status, r := w.get(path, parameters)
			if (status == http.StatusOK) != (r.Status == "success") || status == http.StatusInternalServerError {
				t.Errorf("%s %q: %d %v", path, parameters, status, r)
			}
		}
	})
}
