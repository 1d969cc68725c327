package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newSpec fills in what every cluster needs, and says what is missing.
func newSpec(l layout, name string, want wanted) (spec, error) {
	if os.Geteuid() != 0 {
		return spec{}, errors.New("a cluster needs namespaces and mounts of its own: run this as root")
	}
	if _, err := os.Stat(l.storeLink()); err != nil {
		return spec{}, errors.New("the lab is not built yet: run make lab as root")
	}
	if err := needParts(l, want.with); err != nil {
		return spec{}, err
	}
	if want.mesh {
		if _, err := os.Stat(l.weftImage()); err != nil {
			return spec{}, errors.New("the image of weft is not built yet: run make lab")
		}
		if _, err := os.Stat(filepath.Join(l.Repo, "config", "default")); err != nil {
			return spec{}, fmt.Errorf("--mesh installs config/default: %w", err)
		}
	}
	logs := at("logs")
	if want.logs != "" {
		var err error
		if logs, err = filepath.Abs(want.logs); err != nil {
			return spec{}, err
		}
	}
	return spec{layout: l, Name: name, Mesh: want.mesh, DualStack: want.dualStack, Logs: logs}, nil
}

// runCommand runs a command in a cluster of its own and returns the command's exit code.
func runCommand(l layout, s spec, out io.Writer, command []string) (code int, err error) {
	cmd, err := userCommand(l, s.Name, command)
	if err != nil {
		return 127, err
	}
	signals := notifySignals()
	start := time.Now()
	k, err := startKeeper(s)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, k.stop()) }()
	select {
	case told := <-k.status:
		if told.Error != "" {
			// The failed cluster has nothing to add.
			k.failed = true
			return 1, fmt.Errorf("start the cluster: %s", told.Error)
		}
	case sig := <-signals:
		return 128 + int(sig.(syscall.Signal)), nil
	}
	fmt.Fprintf(out, "lab: cluster %s is ready after %.1f s\n", s.Name, time.Since(start).Seconds())
	c, err := findCluster(s.Name)
	if err != nil {
		return 1, err
	}
	code, err = runInside(c, cmd, signals)
	return code, err
}

// notifySignals takes in the signals that would end this process.
func notifySignals() <-chan os.Signal {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	return signals
}

// userCommand is a command that is to run inside a cluster, in the caller's working folder.
func userCommand(l layout, name string, command []string) (*exec.Cmd, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	// The command is looked up in this process's own PATH.
	os.Setenv("PATH", filepath.Dir(l.weft())+":"+l.bin()+":"+os.Getenv("PATH"))
	os.Setenv("KUBECONFIG", adminKubeconfig)
	os.Setenv("WEFT_LAB", name)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = cwd
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, explainCommand(l, command[0], cmd.Err)
}

// runInside runs a command in a cluster's namespaces.
func runInside(c cluster, cmd *exec.Cmd, signals <-chan os.Signal) (int, error) {
	if err := startInside(c.Init, cmd); err != nil {
		return 126, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if !terminalSends(sig) {
				_ = cmd.Process.Signal(sig)
			}
		case err := <-done:
			return exitCode(cmd, err)
		}
	}
}

// terminalSends reports whether the terminal has sent a signal to the command as well.
func terminalSends(sig os.Signal) bool {
	if sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		return false
	}
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer terminal.Close()
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// exitCode is what a shell would say of how a command ended.
func exitCode(cmd *exec.Cmd, err error) (int, error) {
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return 1, fmt.Errorf("wait for %s: %w", cmd.Path, err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// runName is the name of a cluster that lives as long as this process.
func runName() string { return "run-" + strconv.Itoa(os.Getpid()) }
