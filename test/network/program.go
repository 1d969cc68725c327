package network

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ProgramForAll copies a program to where any user may start it: the folder that
// it was built in may be closed to all but its owner. The caller removes the
// copy's folder.
func ProgramForAll(program string) (string, error) {
	dir, err := os.MkdirTemp("", "weft-program-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	to := filepath.Join(dir, filepath.Base(program))
	if err := copyProgram(program, to); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("copy %s: %w", program, err)
	}
	return to, os.Chmod(dir, 0o755) //nolint:gosec // it is for all
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // it is for all
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
