package replay

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// The words that a server is told: to make an event or to take it back, and to
// say what memory it holds once garbage is gone.
const (
	WordThere  = "there"
	WordBack   = "back"
	WordMemory = "memory"
	// Ready comes first, with the address.
	Ready = "listening"
)

// Server serves a recording.
type Server interface {
	// Apply puts resources in force, all at once.
	Apply(changes []Resource) error
}

// Obey does what it is told, a word a line, until there is nothing more.
func Obey(in io.Reader, out io.Writer, address string, r *Recording, s Server) error {
	fmt.Fprintln(out, Ready, address)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		word, event, _ := strings.Cut(lines.Text(), " ")
		answer := "done"
		switch word {
		case WordThere, WordBack:
			changes := r.Events[event].There
			if word == WordBack {
				changes = r.Events[event].Back
			}
			if err := s.Apply(changes); err != nil {
				return fmt.Errorf("%s %s: %w", word, event, err)
			}
		case WordMemory:
			answer = fmt.Sprint(live())
		default:
			return fmt.Errorf("%q is no word", word)
		}
		fmt.Fprintln(out, answer)
	}
	return nil
}

// live is the bytes of heap and stacks in use; what is not goes back to the
// system.
func live() uint64 {
	for range 3 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
