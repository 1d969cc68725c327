package actors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asked is what the server at a ledger says of marks.
func asked(t *testing.T, address string, marks ...string) map[string]int {
	t.Helper()
	question, err := json.Marshal(Question{Marks: marks})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := AskLedger(t.Context(), address, bytes.NewReader(question), &out); err != nil {
		t.Fatal(err)
	}
	var r Received
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r.Times
}

func TestAServerKnowsWhatHasReachedItByEveryProtocol(t *testing.T) {
	ledger := ledgerOf(t)
	addresses := startWith(t, ledger)
	var marks []string
	want := map[string]int{}
	for i, protocol := range []Protocol{HTTP, HTTP2, GRPC, TCP, UDP} {
		mark := fmt.Sprintf("a-test/%s-%d", protocol, i)
		o := do(t, Call{Protocol: protocol, Address: addresses[protocol][0], Path: "/a.B/C", Payload: "hello", Mark: mark, Count: 2})[0]
		if o.Answered() != 2 || o.Last.Payload != "hello" || o.Last.Headers[HeaderMark] != "" {
			t.Errorf("%s: the mark is in the way: %+v", protocol, o)
		}
		marks, want[mark] = append(marks, mark), 2
	}
	if diff := cmp.Diff(want, asked(t, ledger, append(marks, "never-sent")...)); diff != "" {
		t.Error(diff)
	}
}

// A caller that saw nothing of an answer says nothing of what has reached the server.
func TestAServerKnowsOfCallsThatSawNoAnswer(t *testing.T) {
	ledger := ledgerOf(t)
	addresses := startWith(t, ledger)
	late := Call{Address: addresses[HTTP][0], Headers: map[string]string{HeaderDelay: "5s"}, Mark: "late", Timeout: 500 * time.Millisecond}
	// A request in the place of a line: the server answers something, or not.
	odd := Call{Address: addresses[TCP][0], Mark: "odd", Timeout: time.Second}
	for _, o := range do(t, late, odd) {
		if o.Answered() != 0 {
			t.Errorf("it was answered: %+v", o)
		}
	}
	if diff := cmp.Diff(map[string]int{"late": 1, "odd": 1}, asked(t, ledger, "late", "odd")); diff != "" {
		t.Error(diff)
	}
}

func TestALedgerKeepsTheLatestMarks(t *testing.T) {
	var l ledger
	for i := range mostMarks + 1 {
		l.note(fmt.Sprint(i))
	}
	if diff := cmp.Diff(map[string]int{"1": 1}, l.answer(Question{Marks: []string{"0", "1"}}).Times); diff != "" {
		t.Error(diff)
	}
}

func TestALedgerThatIsNotThereIsAnError(t *testing.T) {
	if err := AskLedger(t.Context(), ledgerOf(t), strings.NewReader("{}"), &bytes.Buffer{}); err == nil {
		t.Error("no error")
	}
}
