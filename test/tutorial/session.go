package tutorial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Session runs blocks one after the other. Variables and the working folder last from block to block; functions and
// options of the shell do not.
type Session struct {
	folder string
	env    []string
}

// NewSession starts in an empty folder. env holds further variables, as in "KEY=value".
func NewSession(env ...string) (*Session, error) {
	folder, err := os.MkdirTemp("", "tutorial-")
	if err != nil {
		return nil, fmt.Errorf("make the tutorial's folder: %w", err)
	}
	s := &Session{folder: folder, env: append(os.Environ(), env...)}
	if err := os.Mkdir(s.path("work"), 0o755); err != nil {
		return nil, fmt.Errorf("make the tutorial's folder: %w", err)
	}
	if err := os.WriteFile(s.path("state"), nil, 0o600); err != nil {
		return nil, fmt.Errorf("keep the tutorial's variables: %w", err)
	}
	return s, nil
}

// Close removes the folder and all that the commands have left in it.
func (s *Session) Close() error { return os.RemoveAll(s.folder) }

// Set gives a variable another value than the page did.
func (s *Session) Set(name, value string) error {
	state, err := os.OpenFile(s.path("state"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	quoted := "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	_, err = fmt.Fprintf(state, "export %s=%s\n", name, quoted)
	return errors.Join(err, state.Close())
}

// shell runs a block so that its first failure ends it, and keeps its variables for the next.
const shell = `set -eu -o pipefail -o allexport
cd "$1/work"
. "$1/state"
trap '{ export -p; printf "cd %q\n" "$PWD"; } > "$1/state"' EXIT
trap 'printf "line %s failed with %s: %s\n" "$LINENO" "$?" "$BASH_COMMAND" >&2' ERR
. "$1/script"
`

// killed is how long a killed shell's children may hold on to its output.
const killed = 5 * time.Second

// Run runs a block and returns what it wrote. An error names the block and shows the end of that.
func (s *Session) Run(ctx context.Context, block Block) (string, error) {
	if err := os.WriteFile(s.path("script"), []byte(block.Script), 0o600); err != nil {
		return "", fmt.Errorf("%s: %w", block.Source, err)
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", shell, "tutorial", s.folder)
	cmd.Env, cmd.WaitDelay = s.env, killed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s\n--- said:\n%s", block.Source, err, block.Script, out)
	}
	return string(out), nil
}

// RunAll runs all blocks of a section and returns what they wrote.
func (s *Session) RunAll(ctx context.Context, section Section) (string, error) {
	var said strings.Builder
	for _, block := range section.Blocks {
		out, err := s.Run(ctx, block)
		said.WriteString(out)
		if err != nil {
			return said.String(), err
		}
	}
	return said.String(), nil
}

func (s *Session) path(name string) string { return filepath.Join(s.folder, name) }
