package podnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const controlPort = 4000

// TestHalfClosedConnectionsLast: a client says that it has said all, and the
// answer comes after the kernel would have forgotten the connection. That time is
// over when it has forgotten one that is older than the table, and was half
// closed later.
func TestHalfClosedConnectionsLast(t *testing.T) {
	for _, family := range []struct{ name, pod, peer, service string }{{"IPv4", pod4, peer4, service4}, {"IPv6", pod6, peer6, service6}} {
		t.Run(family.name, func(t *testing.T) {
			pod, peer := newPod(t)
			for _, state := range []string{"close_wait", "fin_wait"} {
				pod.must(t, func() error {
					return os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_"+state, []byte("1"), 0)
				})
			}
			pod.track(t)
			control := pod.connect(t, peer, 0, net.JoinHostPort(family.peer, "4000"), ":4000")
			pod.apply(t, NewConfig(Exclusions{}))

			to := net.JoinHostPort(family.service, "80")
			legs := map[string]leg{
				"what the pod sends":      pod.connect(t, pod, 1000, to, ":15001"),
				"what is sent to the pod": peer.connect(t, pod, 0, net.JoinHostPort(family.pod, "8080"), ":15006"),
				"what the sidecar sends":  pod.connect(t, peer, int(ProxyUID), to, ":80"),
				"the pod calls itself":    pod.connect(t, pod, int(ProxyUID), net.JoinHostPort(family.pod, "8081"), ":15006"),
			}
			for name, l := range legs {
				l.halfClose(t, name)
			}
			control.halfClose(t, "control")
			waitUntilForgotten(t, pod, controlPort)
			for name, l := range legs {
				l.answer(t, name)
			}
		})
	}
}

// TestWhatWasNotRedirectedNeverIs: a connection of the sidecar's that the kernel
// has forgotten, as it does after days of silence, goes on with whatever comes
// next, from either side.
func TestWhatWasNotRedirectedNeverIs(t *testing.T) {
	for _, to := range []string{service4 + ":80", "[" + service6 + "]:80"} {
		pod, peer := newPod(t)
		pod.apply(t, NewConfig(Exclusions{}))
		l := pod.connect(t, peer, int(ProxyUID), to, ":80")
		for _, from := range []net.Conn{l.server, l.client} {
			pod.must(t, func() error {
				return netlink.ConntrackTableFlush(netlink.ConntrackTable)
			})
			other := l.client
			if from == l.client {
				other = l.server
			}
			if _, err := from.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			_ = other.SetReadDeadline(time.Now().Add(20 * time.Second))
			if _, err := other.Read(make([]byte, 1)); err != nil {
				t.Errorf("%s: %v", to, err)
			}
		}
	}
}

// A kernel without time-outs by connection redirects as ever.
func TestTheTableWithoutTimeouts(t *testing.T) {
	pod, peer := newPod(t)
	pod.serve(t, "outbound", ":15001")
	peer.serve(t, "service", ":80")
	pod.must(t, func() error { return writeTable(NewConfig(Exclusions{})) })
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "outbound 198.19.0.1:80 *")
}

func TestDNSOverTCPPassesByTheSidecar(t *testing.T) {
	pod, peer := newPod(t)
	pod.serve(t, "outbound", ":15001")
	for _, port := range []string{":53", ":5353"} {
		peer.serve(t, "service", port)
	}
	config := NewConfig(Exclusions{})
	for _, a := range []string{service4, service6} {
		config.Nameservers = append(config.Nameservers, netip.MustParseAddr(a))
	}
	pod.apply(t, config)
	for to, want := range map[string]string{
		service4 + ":53":          "service 198.19.0.1:53 *",
		"[" + service6 + "]:53":   "service [fd00:99::1]:53 *",
		service4 + ":5353":        "outbound 198.19.0.1:5353 *",
		excluded4 + ":53":         "outbound 198.19.9.1:53 *",
		"[" + excluded6 + "]:53":  "outbound [fd00:98::1]:53 *",
		"[" + service6 + "]:5353": "outbound [fd00:99::1]:5353 *",
	} {
		expectAnswer(t, pod.dial(to, call{uid: 1000}), want)
	}
}

// leg is a connection and its two ends.
type leg struct{ client, server net.Conn }

// connect has somebody call an address, which the other's listener is to take.
func (n *netns) connect(t *testing.T, other *netns, uid int, to, listen string) (l leg) {
	t.Helper()
	var listener net.Listener
	other.must(t, func() (err error) { listener, err = net.Listen("tcp", listen); return err })
	defer listener.Close()
	n.must(t, func() (err error) {
		unix.RawSyscall(unix.SYS_SETFSUID, uintptr(uid), 0, 0)
		defer unix.RawSyscall(unix.SYS_SETFSUID, 0, 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		l.client, err = (&net.Dialer{}).DialContext(ctx, "tcp", to)
		return err
	})
	_ = listener.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second))
	var err error
	if l.server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.client.Close(); l.server.Close() })
	return l
}

func (l leg) halfClose(t *testing.T, name string) {
	t.Helper()
	if err := l.client.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	_ = l.server.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := l.server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: %v, want the end", name, err)
	}
}

func (l leg) answer(t *testing.T, name string) {
	t.Helper()
	if _, err := l.server.Write([]byte("answer")); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	l.server.Close()
	_ = l.client.SetReadDeadline(time.Now().Add(5 * time.Second))
	if got, err := io.ReadAll(l.client); err != nil || string(got) != "answer" {
		t.Errorf("%s: got %q, %v", name, got, err)
	}
}

// track has the kernel follow connections before the table is there.
func (n *netns) track(t *testing.T) {
	t.Helper()
	n.must(t, func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "before"})
		chain := baseChain("output", nftables.ChainTypeFilter, nftables.ChainHookOutput, nftables.ChainPriorityFilter)
		chain.Table = table
		conn.AddChain(chain)
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(ctState(expr.CtStateBitNEW), &expr.Verdict{Kind: expr.VerdictAccept})})
		return conn.Flush()
	})
}

// waitUntilForgotten returns when the kernel follows no connection to the port.
func waitUntilForgotten(t *testing.T, n *netns, port uint16) {
	t.Helper()
	seen := false
	for deadline := time.Now().Add(20 * time.Second); ; {
		known := false
		n.must(t, func() error {
			for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
				flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
				if err != nil {
					return err
				}
				for _, f := range flows {
					known = known || f.Forward.DstPort == port
				}
			}
			return nil
		})
		seen = seen || known
		switch {
		case !known && seen:
			return
		case !known:
			t.Fatalf("the kernel never followed a connection to port %d", port)
		case time.Now().After(deadline):
			t.Fatalf("the kernel still follows the connection to port %d", port)
		}
	}
}
