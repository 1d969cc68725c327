package replay

import (
	"cmp"
	"encoding/gob"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Resource is one as it was sent; Body is nil for one that was removed.
type Resource struct {
	TypeURL, Name string
	Body          []byte
}

// Event is what a change led to, and what taking it back did.
type Event struct{ There, Back []Resource }

// Recording is what one sidecar was sent.
type Recording struct {
	Resources []Resource
	Events    map[string]Event
}

// Write writes it to a file.
func (r *Recording) Write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := gob.NewEncoder(f).Encode(r); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return f.Close()
}

// Read reads one that was written.
func Read(file string) (*Recording, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &Recording{}
	if err := gob.NewDecoder(f).Decode(r); err != nil {
		return nil, fmt.Errorf("read the recording %s: %w", file, err)
	}
	return r, nil
}

type key struct{ url, name string }

// Recorder makes a recording of what comes.
type Recorder struct {
	mu    sync.Mutex
	event string
	back  bool
	// all is what there is before any event.
	all         map[key][]byte
	there, home map[string]map[key][]byte
}

// NewRecorder makes one that has recorded nothing.
func NewRecorder() *Recorder {
	return &Recorder{all: map[key][]byte{}, there: map[string]map[key][]byte{}, home: map[string]map[key][]byte{}}
}

// Of says which event goes on from now, or is taken back.
func (r *Recorder) Of(event string, back bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.event, r.back = event, back
}

// Keep takes in what came; body is nil for what was removed.
func (r *Recorder) Keep(url, name string, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body = slices.Clone(body)
	at := key{url, name}
	if r.event == "" {
		if r.all[at] = body; body == nil {
			delete(r.all, at)
		}
		return
	}
	of := r.there
	if r.back {
		of = r.home
	}
	if of[r.event] == nil {
		of[r.event] = map[key][]byte{}
	}
	of[r.event][at] = body
}

// Recording is what was recorded.
func (r *Recorder) Recording() *Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &Recording{Resources: list(r.all), Events: map[string]Event{}}
	for name := range r.there {
		out.Events[name] = Event{There: list(r.there[name]), Back: list(r.home[name])}
	}
	return out
}

func list(m map[key][]byte) []Resource {
	var all []Resource
	for k, body := range m {
		all = append(all, Resource{k.url, k.name, body})
	}
	slices.SortFunc(all, func(a, b Resource) int { return cmp.Or(cmp.Compare(a.TypeURL, b.TypeURL), cmp.Compare(a.Name, b.Name)) })
	return all
}
