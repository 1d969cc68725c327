package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// File descriptors that a cluster's processes hand down. Where there is none to hand, it is /dev/null.
const (
	statusFD   = 3
	listenerFD = 4
	lifelineFD = 4
)

// selfExe is this very binary, also when its file has been replaced since.
const selfExe = "/proc/self/exe"

// spec says what cluster to start.
type spec struct {
	layout
	Name string
	// Store is the prepared folder of containerd, which the keeper chooses.
	Store string
	// Logs is the folder of logs, outside the cluster if they are to be kept.
	Logs string
	Mesh bool
	// DualStack gives pods an IPv6 address too.
	DualStack bool
	// Stay keeps the cluster until it is told to end, and lets the host reach it at Port (0: any).
	Stay bool
	Port int
}

// errTold ends a process of the cluster whose failure has been told to who started the cluster.
var errTold = errors.New("the cluster has ended")

// status is what a starting cluster tells who started it.
type status struct {
	Ready bool
	Error string
}

// keeper is a started keeper, seen from who started it.
type keeper struct {
	cmd *exec.Cmd
	// lifeline ends the cluster when its last copy is closed, which the kernel does at our death.
	lifeline *os.File
	status   <-chan status
	exited   <-chan error
	// failed says that the cluster's end is known and explained.
	failed bool
}

// startKeeper starts the keeper of a new cluster.
func startKeeper(s spec) (*keeper, error) {
	argument, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	statusRead, statusWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer statusWrite.Close()
	lifelineRead, lifelineWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer lifelineRead.Close()
	cmd := exec.Command(selfExe, "keeper", string(argument))
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{statusWrite, lifelineRead}
	// A session of its own, so that a terminal's interrupt ends the command and not the cluster below it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the cluster: %w", err)
	}
	told, exited := make(chan status, 1), make(chan error, 1)
	go func() { told <- readStatus(statusRead) }()
	go func() { exited <- cmd.Wait() }()
	return &keeper{cmd: cmd, lifeline: lifelineWrite, status: told, exited: exited}, nil
}

func readStatus(from *os.File) status {
	defer from.Close()
	var s status
	if err := json.NewDecoder(from).Decode(&s); err != nil {
		return status{Error: "the cluster ended before it was ready"}
	}
	return s
}

// stop ends the cluster and waits until nothing is left of it.
func (k *keeper) stop() error {
	k.lifeline.Close()
	if err := <-k.exited; err != nil {
		// The keeper may have been killed: sweep in its stead.
		_, sweepErr := listClusters()
		if k.failed {
			return sweepErr
		}
		return errors.Join(fmt.Errorf("the cluster ended before the command: %w", err), sweepErr)
	}
	return nil
}

// keep is the keeper: it owns a cluster from outside its namespaces.
func keep(s spec) (err error) {
	told := os.NewFile(statusFD, "status")
	defer func() {
		if err != nil {
			tell(told, status{Error: err.Error()})
			err = errTold
		}
	}()
	// The folders are given back last, since the entry lies in one of them.
	release, err := claimPrivateDirs()
	if err != nil {
		return err
	}
	defer release()
	entry, err := register(cluster{Name: s.Name, Started: time.Now(), Keeper: os.Getpid(), Logs: s.Logs, Mesh: s.Mesh}, s.storeLink())
	if err != nil {
		return err
	}
	s.Store = entry.Store
	defer func() {
		if removeErr := entry.unregister(); removeErr != nil {
			fmt.Fprintln(os.Stderr, "lab:", removeErr)
			err = errors.Join(err, errTold)
		}
	}()
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	lifeline := os.NewFile(lifelineFD, "lifeline")
	cut := make(chan struct{})
	if s.Stay {
		lifeline.Close()
		signal.Ignore(syscall.SIGHUP)
		if err := redirectOutput(keeperLog(s.Name)); err != nil {
			return err
		}
	} else {
		go func() { _, _ = io.Copy(io.Discard, lifeline); close(cut) }()
	}
	if err := createCgroups(cgroupName(s.Name)); err != nil {
		return err
	}
	return keepRunning(s, entry, told, ends, cut)
}

// keepRunning starts the cluster's process 1 and waits for the first reason to end it.
func keepRunning(s spec, e *entry, told *os.File, ends <-chan os.Signal, cut <-chan struct{}) error {
	listener, err := openListener(s, e)
	if err != nil {
		return err
	}
	init, err := startInit(s, told, listener)
	listener.Close()
	if err != nil {
		return err
	}
	told.Close()
	e.Init = init.Process.Pid
	if err := e.save(); err != nil {
		return err
	}
	held, mounts, err := holdNamespace(e.Init, "mnt")
	if err != nil {
		return fmt.Errorf("find the cluster's mount namespace: %w", err)
	}
	defer held.Close()
	exited := make(chan error, 1)
	go func() { exited <- init.Wait() }()
	select {
	case <-ends:
	case <-cut:
	case <-exited:
		return errTold
	}
	if err := init.Process.Kill(); err != nil {
		return fmt.Errorf("end the cluster: %w", err)
	}
	waitGone(exited, mounts)
	return nil
}

// waitGone waits until the cluster's processes are dead. Process 1 ends only when all the others are also reaped,
// but a command from outside whose parent was killed may stay unreaped for long: its death is enough.
func waitGone(exited <-chan error, mounts string) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-exited:
			return
		case <-ticker.C:
			if !anyProcessIn("mnt", mounts) {
				return
			}
		}
	}
}

func startInit(s spec, told, listener *os.File) (*exec.Cmd, error) {
	argument, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(selfExe, "init", string(argument))
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{told, listener}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS,
		Pdeathsig:  unix.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("make the cluster's namespaces: %w", err)
	}
	return cmd, nil
}

// openListener listens on the host for a cluster that stays: a socket belongs to the network namespace it was
// opened in, whoever accepts from it.
func openListener(s spec, e *entry) (*os.File, error) {
	if !s.Stay {
		return os.Open(os.DevNull)
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.Port})
	if err != nil {
		return nil, fmt.Errorf("listen for the API server's clients: %w", err)
	}
	defer listener.Close()
	e.Server = "https://" + listener.Addr().String()
	if err := e.save(); err != nil {
		return nil, err
	}
	return listener.File()
}

func redirectOutput(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, fd := range []int{1, 2} {
		if err := unix.Dup3(int(file.Fd()), fd, 0); err != nil {
			return fmt.Errorf("redirect the keeper's output: %w", err)
		}
	}
	return nil
}

// tell writes a status; nobody may be left to read it.
func tell(to *os.File, s status) {
	_ = json.NewEncoder(to).Encode(s)
	to.Close()
}
