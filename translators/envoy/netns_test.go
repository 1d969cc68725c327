//go:build linux

package envoy_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// netns is a network namespace. It lives as long as its thread, which ends with
// the test.
type netns struct {
	t    *testing.T
	fd   int
	work chan func()
}

func newNetns(t *testing.T) *netns {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making a network namespace takes root: what Envoy does with real connections was not tried")
	}
	n := &netns{t: t, work: make(chan func())}
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
		t.Skipf("this machine makes no network namespaces: %v", err)
	}
	t.Cleanup(func() {
		close(n.work)
		unix.Close(n.fd)
	})
	return n
}

// do runs f on the namespace's own thread, one at a time.
func (n *netns) do(f func() error) {
	n.t.Helper()
	done := make(chan error)
	n.work <- func() { done <- f() }
	if err := <-done; err != nil {
		n.t.Fatal(err)
	}
}

// within runs f on a new thread in the namespace.
func (n *netns) within(f func() error) error {
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

func (n *netns) listen(address string) net.Listener {
	n.t.Helper()
	var l net.Listener
	if err := n.within(func() (err error) { l, err = net.Listen("tcp", address); return err }); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { l.Close() })
	return l
}

func (n *netns) dial(ctx context.Context, address string) (c net.Conn, err error) {
	dialer := net.Dialer{Timeout: 20 * time.Second}
	err = n.within(func() (err error) { c, err = dialer.DialContext(ctx, "tcp", address); return err })
	return c, err
}

// start starts a program that dies with the test, however the test ends.
func (n *netns) start(cmd *exec.Cmd) {
	n.t.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	n.do(cmd.Start)
	n.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// up gives a link addresses and brings it up.
func up(name string, addresses ...netip.Prefix) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	for _, a := range addresses {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())}, Flags: unix.IFA_F_NODAD}
		if err := netlink.AddrReplace(link, address); err != nil {
			return err
		}
	}
	return nil
}

// cable joins a pod's namespace to the bridge of another.
func cable(bridge *netns, name string, pod *netns) {
	pod.t.Helper()
	pod.do(func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: name, PeerNamespace: netlink.NsFd(bridge.fd)})
	})
	bridge.do(func() error {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		br, err := netlink.LinkByName("br0")
		if err != nil {
			return err
		}
		if err := netlink.LinkSetMaster(link, br); err != nil {
			return err
		}
		return netlink.LinkSetUp(link)
	})
}
