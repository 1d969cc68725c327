package podnet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// netns is a network namespace with a thread of its own, which ends with the
// test and takes the namespace along.
type netns struct{ work chan func() }

func newNetns(t *testing.T) *netns {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making a network namespace takes root")
	}
	n := &netns{work: make(chan func())}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is not for others
		started <- unix.Unshare(unix.CLONE_NEWNET)
		for f := range n.work {
			f()
		}
	}()
	if err := <-started; err != nil {
		t.Skipf("this machine makes no network namespaces: %v", err)
	}
	t.Cleanup(func() { close(n.work) })
	return n
}

// do runs f in the namespace.
func (n *netns) do(f func()) {
	done := make(chan struct{})
	n.work <- func() { defer close(done); f() }
	<-done
}

func (n *netns) must(t *testing.T, f func() error) {
	t.Helper()
	var err error
	n.do(func() { err = f() })
	if err != nil {
		t.Fatal(err)
	}
}

func (n *netns) apply(t *testing.T, c Config) {
	t.Helper()
	n.must(t, func() error { return Apply(context.Background(), c) })
}

// The addresses of the two namespaces.
const (
	pod4, pod6   = "198.18.77.2", "fd00:77::2"
	peer4, peer6 = "198.18.77.1", "fd00:77::1"
	// Services that the peer answers for.
	service4, service6   = "198.19.0.1", "fd00:99::1"
	excluded4, excluded6 = "198.19.9.1", "fd00:98::1"
)

// newPod makes a pod and the rest of the world, joined by a cable.
func newPod(t *testing.T) (pod, peer *netns) {
	t.Helper()
	pod, peer = newNetns(t), newNetns(t)
	var peerFD int
	peer.must(t, func() (err error) {
		peerFD, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	defer unix.Close(peerFD)
	pod.must(t, func() error {
		veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "cable", PeerNamespace: netlink.NsFd(peerFD)}
		return netlink.LinkAdd(veth)
	})
	peer.must(t, func() error {
		if err := up("cable", peer4+"/24", peer6+"/64"); err != nil {
			return err
		}
		return up("lo", service4+"/32", service6+"/128", excluded4+"/32", excluded6+"/128")
	})
	pod.must(t, func() error {
		if err := up("lo"); err != nil {
			return err
		}
		if err := up("eth0", pod4+"/24", pod6+"/64"); err != nil {
			return err
		}
		for _, gateway := range []string{peer4, peer6} {
			if err := netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(gateway)}); err != nil {
				return fmt.Errorf("route by %s: %w", gateway, err)
			}
		}
		return nil
	})
	return pod, peer
}

func up(name string, addresses ...string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("%s up: %w", name, err)
	}
	for _, a := range addresses {
		address, err := netlink.ParseAddr(a)
		if err != nil {
			return err
		}
		address.Flags = syscall.IFA_F_NODAD
		if err := netlink.AddrReplace(link, address); err != nil {
			return fmt.Errorf("%s on %s: %w", a, name, err)
		}
	}
	return nil
}

// serve answers every connection with "name original-destination peer-address".
// An application that was not redirected sees its own address as the original.
func (n *netns) serve(t *testing.T, name, address string) {
	t.Helper()
	var listener net.Listener
	n.must(t, func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				peer := netip.MustParseAddrPort(conn.RemoteAddr().String()).Addr().Unmap()
				fmt.Fprintf(conn, "%s %s %s", name, originalDestination(conn.(*net.TCPConn)), peer)
			}()
		}
	}()
}

// call says who answers a connection, and with what original destination.
type call struct {
	uid    int
	source string
}

func (n *netns) dial(address string, c call) string {
	var answer string
	n.do(func() {
		if c.uid != 0 {
			// The owner of a socket is the user that its thread has for files.
			unix.RawSyscall(unix.SYS_SETFSUID, uintptr(c.uid), 0, 0)
			defer unix.RawSyscall(unix.SYS_SETFSUID, 0, 0, 0)
		}
		dialer := net.Dialer{Timeout: 20 * time.Second}
		if c.source != "" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(c.source)}
		}
		conn, err := dialer.Dial("tcp", address)
		if err != nil {
			answer = "error: " + err.Error()
			return
		}
		defer conn.Close()
		all, err := io.ReadAll(conn)
		if err != nil {
			answer = "error: " + err.Error()
			return
		}
		answer = string(all)
	})
	return answer
}

// originalDestination is where the client wanted to go (SO_ORIGINAL_DST).
func originalDestination(conn *net.TCPConn) string {
	local := netip.MustParseAddrPort(conn.LocalAddr().String())
	raw, err := conn.SyscallConn()
	if err != nil {
		return err.Error()
	}
	var original netip.AddrPort
	level, size := unix.SOL_IP, uint32(unix.SizeofSockaddrInet4)
	if !local.Addr().Unmap().Is4() {
		level, size = unix.SOL_IPV6, unix.SizeofSockaddrInet6
	}
	control := raw.Control(func(fd uintptr) {
		var buffer unix.RawSockaddrInet6
		if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, uintptr(level), unix.SO_ORIGINAL_DST,
			uintptr(unsafe.Pointer(&buffer)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
			original = local // conntrack knows no other
			return
		}
		port := (*[2]byte)(unsafe.Pointer(&buffer.Port))
		number := uint16(port[0])<<8 | uint16(port[1])
		if level == unix.SOL_IP {
			v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&buffer))
			original = netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), number)
			return
		}
		original = netip.AddrPortFrom(netip.AddrFrom16(buffer.Addr), number)
	})
	if control != nil {
		return control.Error()
	}
	return netip.AddrPortFrom(original.Addr().Unmap(), original.Port()).String()
}

func expectAnswer(t *testing.T, got, want string) {
	t.Helper()
	if got != want && !(strings.HasSuffix(want, " *") && strings.HasPrefix(got, strings.TrimSuffix(want, "*"))) {
		t.Errorf("got %q, want %q", got, want)
	}
}
