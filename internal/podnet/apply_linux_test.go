package podnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

func mustParse(t *testing.T, s Spec) Config {
	t.Helper()
	exclude, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return NewConfig(exclude)
}

// TestTCP has both sidecar ports, an application in the pod and Services
// outside, and asks who answers whom.
// Trap 47: a pod that calls itself through its Service comes in by its sidecar.
// Trap 59: only the sidecar's own user passes by it.
func TestTCP(t *testing.T) {
	pod, peer := newPod(t)
	for _, port := range []string{"8080", "15021", "9100"} {
		pod.serve(t, "app", net.JoinHostPort("", port))
	}
	pod.serve(t, "outbound", ":15001")
	pod.serve(t, "inbound", ":15006")
	peer.serve(t, "service", ":80")
	peer.serve(t, "service", ":3306")
	pod.apply(t, mustParse(t, Spec{InboundPorts: "9100/tcp", OutboundPorts: "3306", OutboundCIDRs: "198.19.9.0," + excluded4 + ",198.19.9.2/31,fd00:98::/64"}))

	proxy := int(ProxyUID)
	tests := map[string]struct {
		from    *netns
		call    call
		address string
		want    string
	}{
		"outbound is redirected, IPv4":                {pod, call{uid: 1000}, service4 + ":80", "outbound 198.19.0.1:80 198.18.77.2"},
		"outbound is redirected, IPv6":                {pod, call{uid: 1000}, "[" + service6 + "]:80", "outbound [fd00:99::1]:80 fd00:77::2"},
		"root's calls are redirected too":             {pod, call{}, service4 + ":80", "outbound 198.19.0.1:80 *"},
		"the sidecar's own calls leave, IPv4":         {pod, call{uid: proxy}, service4 + ":80", "service 198.19.0.1:80 198.18.77.2"},
		"the sidecar's own calls leave, IPv6":         {pod, call{uid: proxy}, "[" + service6 + "]:80", "service [fd00:99::1]:80 fd00:77::2"},
		"excluded outbound port, IPv4":                {pod, call{uid: 1000}, service4 + ":3306", "service 198.19.0.1:3306 198.18.77.2"},
		"excluded outbound port, IPv6":                {pod, call{uid: 1000}, "[" + service6 + "]:3306", "service [fd00:99::1]:3306 fd00:77::2"},
		"excluded address":                            {pod, call{uid: 1000}, excluded4 + ":80", "service 198.19.9.1:80 198.18.77.2"},
		"excluded prefix, IPv6":                       {pod, call{uid: 1000}, "[" + excluded6 + "]:80", "service [fd00:98::1]:80 fd00:77::2"},
		"inbound is redirected, IPv4":                 {peer, call{}, pod4 + ":8080", "inbound 198.18.77.2:8080 198.18.77.1"},
		"inbound is redirected, IPv6":                 {peer, call{}, "[" + pod6 + "]:8080", "inbound [fd00:77::2]:8080 fd00:77::1"},
		"inbound to a port that nobody listens on":    {peer, call{}, pod4 + ":4711", "inbound 198.18.77.2:4711 198.18.77.1"},
		"excluded inbound port, IPv4":                 {peer, call{}, pod4 + ":9100", "app 198.18.77.2:9100 198.18.77.1"},
		"excluded inbound port, IPv6":                 {peer, call{}, "[" + pod6 + "]:9100", "app [fd00:77::2]:9100 fd00:77::1"},
		"the sidecar's own ports are not redirected":  {peer, call{}, pod4 + ":15021", "app 198.18.77.2:15021 198.18.77.1"},
		"the sidecar to its application, IPv4":        {pod, call{proxy, "127.0.0.6"}, pod4 + ":8080", "app 198.18.77.2:8080 127.0.0.6"},
		"the sidecar to its application, IPv6":        {pod, call{proxy, "::6"}, "[" + pod6 + "]:8080", "app [fd00:77::2]:8080 ::6"},
		"the sidecar to its application on loopback":  {pod, call{uid: proxy}, "127.0.0.1:8080", "app 127.0.0.1:8080 127.0.0.1"},
		"the same, IPv6":                              {pod, call{uid: proxy}, "[::1]:8080", "app [::1]:8080 ::1"},
		"the pod calls itself by its Service, IPv4":   {pod, call{uid: proxy}, pod4 + ":8080", "inbound 198.18.77.2:8080 198.18.77.2"},
		"the pod calls itself by its Service, IPv6":   {pod, call{uid: proxy}, "[" + pod6 + "]:8080", "inbound [fd00:77::2]:8080 fd00:77::2"},
		"containers of the pod on loopback":           {pod, call{uid: 1000}, "127.0.0.1:8080", "app 127.0.0.1:8080 127.0.0.1"},
		"containers of the pod, by the pod's address": {pod, call{uid: 1000}, pod4 + ":8080", "app 198.18.77.2:8080 198.18.77.2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expectAnswer(t, test.from.dial(test.address, test.call), test.want)
		})
	}
}

func TestUDP(t *testing.T) {
	for _, family := range []struct{ name, pod, peer string }{{"IPv4", pod4, peer4}, {"IPv6", pod6, peer6}} {
		t.Run(family.name, func(t *testing.T) {
			pod, peer := newPod(t)
			closed := pod.listenUDP(t, net.JoinHostPort(family.pod, "5000"))
			open := pod.listenUDP(t, net.JoinHostPort(family.pod, "8125"))
			outside := peer.listenUDP(t, net.JoinHostPort(family.peer, "53"))

			peer.send(t, closed.LocalAddr(), "before")
			expectDatagram(t, closed, "before")

			pod.apply(t, mustParse(t, Spec{InboundPorts: "8125/udp"}))
			peer.send(t, closed.LocalAddr(), "uninvited")
			waitForDrops(t, pod, 1)
			expectNothing(t, closed)

			peer.send(t, open.LocalAddr(), "excluded")
			expectDatagram(t, open, "excluded")
			pod.send(t, closed.LocalAddr(), "from the pod itself")
			expectDatagram(t, closed, "from the pod itself")

			query := pod.listenUDP(t, net.JoinHostPort(family.pod, "0"))
			if _, err := query.WriteTo([]byte("question"), outside.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			asker := expectDatagram(t, outside, "question")
			if _, err := outside.WriteTo([]byte("answer"), asker); err != nil {
				t.Fatal(err)
			}
			expectDatagram(t, query, "answer")
			if got := pod.drops(t); got != 1 {
				t.Errorf("%d datagrams were dropped, want 1", got)
			}
		})
	}
}

// TestApplyingAgainIsApplyingOnce: nothing doubles, nothing of the past stays,
// and connections live on.
func TestApplyingAgainIsApplyingOnce(t *testing.T) {
	pod, peer := newPod(t)
	pod.serve(t, "outbound", ":15001")
	peer.serve(t, "service", ":80")
	var listener net.Listener
	pod.must(t, func() (err error) { listener, err = net.Listen("tcp", ":15006"); return err })
	defer listener.Close()
	excluding := mustParse(t, Spec{OutboundPorts: "80"})
	pod.apply(t, excluding)
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "service 198.19.0.1:80 *")

	var client net.Conn
	peer.must(t, func() (err error) { client, err = net.DialTimeout("tcp", pod4+":8080", 20*time.Second); return err })
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()

	plain := NewConfig(Exclusions{})
	pod.apply(t, plain)
	once := pod.rules(t)
	for range 3 {
		pod.apply(t, plain)
	}
	if again := pod.rules(t); once != again || once == "" {
		t.Errorf("once:\n%s\nagain:\n%s", once, again)
	}
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "outbound 198.19.0.1:80 *")

	for _, leg := range []struct{ from, to net.Conn }{{client, server}, {server, client}} {
		if _, err := leg.from.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		_ = leg.to.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := leg.to.Read(make([]byte, 1)); err != nil {
			t.Errorf("the connection did not live on: %v", err)
		}
	}
}

// Trap 59: weft init asks for no more than it needs.
func TestNetAdminIsEnough(t *testing.T) {
	pod := newNetns(t)
	pod.must(t, func() error { return up("lo") })
	pod.must(t, func() error { return keepCapabilities(1 << unix.CAP_NET_ADMIN) })
	pod.apply(t, mustParse(t, Spec{InboundPorts: "53", OutboundCIDRs: "192.0.2.0/24"}))
	if pod.rules(t) == "" {
		t.Error("no rules")
	}
}

func TestWithoutNetAdminItSaysSo(t *testing.T) {
	pod := newNetns(t)
	pod.must(t, func() error { return keepCapabilities(0) })
	var err error
	pod.do(func() { err = Apply(context.Background(), NewConfig(Exclusions{})) })
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want permission denied", err)
	}
}

// TestWithoutIPv6 is a pod whose node has IPv6 switched off.
func TestWithoutIPv6(t *testing.T) {
	pod, peer := newPod(t)
	pod.must(t, func() error { return os.WriteFile("/proc/sys/net/ipv6/conf/lo/disable_ipv6", []byte("1"), 0) })
	pod.serve(t, "inbound", ":15006")
	pod.apply(t, NewConfig(Exclusions{}))
	expectAnswer(t, peer.dial(pod4+":8080", call{}), "inbound 198.18.77.2:8080 198.18.77.1")
}

func TestTheLongestListsAreTaken(t *testing.T) {
	var ports, cidrs []string
	for i := range maxExclusions {
		ports = append(ports, fmt.Sprint(20000+i))
		cidrs = append(cidrs, fmt.Sprintf("fd00:%x::/32", i+1))
	}
	pod := newNetns(t)
	pod.apply(t, mustParse(t, Spec{strings.Join(ports, ","), strings.Join(ports, ","), strings.Join(cidrs, ",")}))
	if got, want := strings.Count(pod.rules(t), "\n"), 23; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
}

// TestPrefixesUpToTheLastAddress have no address after their last.
func TestPrefixesUpToTheLastAddress(t *testing.T) {
	pod, peer := newPod(t)
	pod.serve(t, "outbound", ":15001")
	peer.serve(t, "service", ":80")
	pod.apply(t, mustParse(t, Spec{OutboundCIDRs: "128.0.0.0/1,8000::/1"}))
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "service 198.19.0.1:80 *")
	expectAnswer(t, pod.dial("["+service6+"]:80", call{uid: 1000}), "service [fd00:99::1]:80 *")
	pod.apply(t, mustParse(t, Spec{OutboundCIDRs: "0.0.0.0/1,::/1"}))
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "outbound 198.19.0.1:80 *")
	expectAnswer(t, pod.dial("["+service6+"]:80", call{uid: 1000}), "outbound [fd00:99::1]:80 *")
	pod.apply(t, mustParse(t, Spec{OutboundCIDRs: "0.0.0.0/0,::/0"}))
	expectAnswer(t, pod.dial(service4+":80", call{uid: 1000}), "service 198.19.0.1:80 *")
	expectAnswer(t, pod.dial("["+service6+"]:80", call{uid: 1000}), "service [fd00:99::1]:80 *")
}

func TestAppliesNothingWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Apply(ctx, NewConfig(Exclusions{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// keepCapabilities drops all but these from the thread, for good.
func keepCapabilities(bits uint32) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: bits, Permitted: bits}}
	return unix.Capset(&header, &data[0])
}

// rules prints the table as the kernel holds it.
func (n *netns) rules(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	n.eachRule(t, func(r *nftables.Rule) {
		fmt.Fprint(&out, r.Chain.Name)
		for _, e := range r.Exprs {
			if _, ok := e.(*expr.Counter); !ok {
				fmt.Fprintf(&out, " %T%+v", e, e)
			}
		}
		fmt.Fprintln(&out)
	})
	return out.String()
}

func (n *netns) drops(t *testing.T) (packets uint64) {
	t.Helper()
	n.eachRule(t, func(r *nftables.Rule) {
		for _, e := range r.Exprs {
			if counter, ok := e.(*expr.Counter); ok {
				packets += counter.Packets
			}
		}
	})
	return packets
}

func (n *netns) eachRule(t *testing.T, visit func(*nftables.Rule)) {
	t.Helper()
	n.must(t, func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		chains, err := conn.ListChains()
		if err != nil {
			return err
		}
		for _, chain := range chains {
			rules, err := conn.GetRules(chain.Table, chain)
			if err != nil {
				return err
			}
			for _, r := range rules {
				visit(r)
			}
		}
		return nil
	})
}

func waitForDrops(t *testing.T, pod *netns, want uint64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); pod.drops(t) < want; {
		if time.Now().After(deadline) {
			t.Fatalf("%d datagrams were dropped, want %d", pod.drops(t), want)
		}
	}
}

func (n *netns) listenUDP(t *testing.T, address string) net.PacketConn {
	t.Helper()
	var conn net.PacketConn
	n.must(t, func() (err error) {
		conn, err = net.ListenPacket("udp", address)
		return err
	})
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (n *netns) send(t *testing.T, to net.Addr, text string) {
	t.Helper()
	n.must(t, func() error {
		conn, err := net.Dial("udp", to.String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(text))
		return err
	})
}

func expectDatagram(t *testing.T, conn net.PacketConn, want string) net.Addr {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	buffer := make([]byte, 100)
	n, from, err := conn.ReadFrom(buffer)
	if err != nil || string(buffer[:n]) != want {
		t.Fatalf("got %q, %v; want %q", buffer[:n], err, want)
	}
	return from
}

// expectNothing looks at what has arrived by now.
func expectNothing(t *testing.T, conn net.PacketConn) {
	t.Helper()
	raw, err := conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	if err := raw.Read(func(fd uintptr) bool {
		if n, _, err := unix.Recvfrom(int(fd), buffer, unix.MSG_DONTWAIT); err == nil {
			t.Errorf("got %q, want nothing", buffer[:n])
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
}
