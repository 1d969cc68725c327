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
func newSpec(l layout, name string, mesh bool) (spec, error) {
	if os.Geteuid() != 0 {
		return spec{}, errors.New("a cluster needs namespaces and mounts of its own: run this as root")
	}
	store, err := filepath.EvalSymlinks(l.storeLink())
	if err != nil {
		return spec{}, errors.New("the lab is not built yet: run make lab")
	}
	if mesh {
		if _, err := os.Stat(l.weftImage()); err != nil {
			return spec{}, errors.New("the image of weft is not built yet: run make lab")
		}
		if _, err := os.Stat(filepath.Join(l.Repo, "config", "default")); err != nil {
			return spec{}, fmt.Errorf("--mesh installs config/default: %w", err)
		}
	}
	return spec{layout: l, Name: name, Store: store, Mesh: mesh, Logs: at("logs")}, nil
}

// runCommand runs a command in a cluster of its own and returns the command's exit code.
func runCommand(l layout, s spec, out io.Writer, command []string) (code int, err error) {
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
	code, err = runInside(l, c, command, signals)
	return code, err
}

// notifySignals takes in the signals that would end this process.
func notifySignals() <-chan os.Signal {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	return signals
}

// runInside runs a command in a cluster's namespaces and in the caller's working folder.
func runInside(l layout, c cluster, command []string, signals <-chan os.Signal) (int, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return 1, err
	}
	setCommandEnvironment(l, c)
	cmd := exec.Command(command[0], command[1:]...)
	if cmd.Err != nil {
		return 127, cmd.Err
	}
	cmd.Dir = cwd
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := startInside(c.Init, cmd); err != nil {
		return 126, fmt.Errorf("start %s: %w", command[0], err)
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

// setCommandEnvironment changes this process's environment, which is also where the command is looked up.
func setCommandEnvironment(l layout, c cluster) {
	os.Setenv("PATH", filepath.Dir(l.weft())+":"+l.bin()+":"+os.Getenv("PATH"))
	os.Setenv("KUBECONFIG", adminKubeconfig)
	os.Setenv("WEFT_LAB", c.Name)
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
