package network

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace. It lives until Close, and has a thread of
// its own.
type Namespace struct {
	fd   int
	work chan func()
}

// New makes a namespace.
func New() (*Namespace, error) {
	n := &Namespace{work: make(chan func())}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is not for others
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
		started <- err
		for f := range n.work {
			f()
		}
	}()
	if err := <-started; err != nil {
		close(n.work)
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return n, nil
}

// Close ends the namespace's thread. What was started in it must have ended.
func (n *Namespace) Close() {
	close(n.work)
	_ = unix.Close(n.fd) // nobody else has it
}

// Do runs f on the namespace's own thread, one at a time.
func (n *Namespace) Do(f func() error) error {
	done := make(chan error)
	n.work <- func() { done <- f() }
	return <-done
}

// Within runs f on a new thread in the namespace.
func (n *Namespace) Within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		if err := unix.Setns(n.fd, unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// Listen listens for TCP in the namespace.
func (n *Namespace) Listen(address string) (l net.Listener, err error) {
	err = n.Within(func() (err error) { l, err = net.Listen("tcp", address); return err })
	return l, err
}

// Dial connects by TCP from the namespace.
func (n *Namespace) Dial(ctx context.Context, address string) (c net.Conn, err error) {
	dialer := net.Dialer{Timeout: 20 * time.Second}
	err = n.Within(func() (err error) { c, err = dialer.DialContext(ctx, "tcp", address); return err })
	return c, err
}

// Start starts a program in the namespace that dies with this process, however
// that ends.
func (n *Namespace) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return n.Do(cmd.Start)
}
