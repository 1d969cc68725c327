package podnet

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weft-mesh/weft/translators/model"
)

// sidecarUDP listens where the pod's UDP to an address is led.
func (n *netns) sidecarUDP(t *testing.T, to netip.AddrPort) net.PacketConn {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if control := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) }); control != nil {
			return control
		}
		return err
	}}
	var conn net.PacketConn
	n.must(t, func() (err error) {
		conn, err = config.ListenPacket(t.Context(), "udp", model.UDPBind(to).String())
		return err
	})
	t.Cleanup(func() { conn.Close() })
	return conn
}

// captured is a pod whose UDP to Services is led to its sidecar.
func captured(t *testing.T, spec Spec, nameservers ...string) (pod, peer *netns) {
	t.Helper()
	pod, peer = newPod(t)
	config := mustParse(t, spec)
	config.ServiceCIDRs = prefixes("198.19.0.0/16", "fd00:98::/64", "fd00:99::/64")
	for _, a := range nameservers {
		config.Nameservers = append(config.Nameservers, netip.MustParseAddr(a))
	}
	pod.apply(t, config)
	return pod, peer
}

// TestUDPToServicesMeetsTheSidecar: what nftables computes is what model.UDPBind
// says, for addresses and ports of any bits, and the answer comes from the
// address that was called.
func TestUDPToServicesMeetsTheSidecar(t *testing.T) {
	pod, _ := captured(t, Spec{})
	for _, text := range []string{
		service4 + ":53", "198.19.255.254:65535", "198.19.85.170:16384", "198.19.170.85:32768", "198.19.0.128:1", "198.19.1.1:49151",
		"[" + service6 + "]:53", "[fd00:99::ffff:ffff:ffff:ffff]:65535", "[fd00:99::5555:aaaa]:21845", "[fd00:98::1]:43690",
	} {
		to := netip.MustParseAddrPort(text)
		sidecar := pod.sidecarUDP(t, to)
		var client net.Conn
		pod.must(t, func() (err error) { client, err = net.Dial("udp", text); return err })
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		asker := expectDatagram(t, sidecar, "question")
		if _, err := sidecar.WriteTo([]byte("answer"), asker); err != nil {
			t.Fatal(err)
		}
		_ = client.SetReadDeadline(time.Now().Add(20 * time.Second))
		b := make([]byte, 100) // a connected socket takes answers from whom it called
		if n, err := client.Read(b); err != nil || string(b[:n]) != "answer" {
			t.Errorf("%s: got %q, %v", text, b[:n], err)
		}
		client.Close()
		sidecar.Close()
	}
}

// TestUDPThatIsNotCaptured reaches the peer as it is.
func TestUDPThatIsNotCaptured(t *testing.T) {
	pod, peer := captured(t, Spec{OutboundPorts: "9100,9101/udp", OutboundCIDRs: excluded4 + "," + excluded6}, service4, service6)
	for _, text := range []string{
		service4 + ":9100", service4 + ":9101", "[" + service6 + "]:9100", excluded4 + ":5000", "[" + excluded6 + "]:5000",
		service4 + ":53", "[" + service6 + "]:53", // the pod's nameservers
		peer4 + ":5000", "[" + peer6 + "]:5000", // no Service
	} {
		outside := peer.listenUDP(t, text)
		pod.send(t, outside.LocalAddr(), text)
		expectDatagram(t, outside, text)
	}
	sidecar := pod.sidecarUDP(t, netip.MustParseAddrPort(service4+":5353"))
	pod.send(t, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(service4+":5353")), "another port of the nameserver")
	expectDatagram(t, sidecar, "another port of the nameserver")
	outside := peer.listenUDP(t, service4+":5354")
	pod.sendAs(t, int(ProxyUID), outside.LocalAddr(), "from the sidecar")
	expectDatagram(t, outside, "from the sidecar")
}

// TestNobodyThereIsTold: a Service whose address no listener stands for refuses
// at once, as one without endpoints does.
func TestNobodyThereIsTold(t *testing.T) {
	pod, _ := captured(t, Spec{})
	for _, text := range []string{service4 + ":53", "[" + service6 + "]:53"} {
		var client net.Conn
		pod.must(t, func() (err error) { client, err = net.Dial("udp", text); return err })
		defer client.Close()
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		_ = client.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := client.Read(make([]byte, 100)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: got %v, want connection refused", text, err)
		}
	}
}

// TestCaptureIsAppliedAgainUnderAFlow: a session that is under way goes on.
func TestCaptureIsAppliedAgainUnderAFlow(t *testing.T) {
	pod, _ := captured(t, Spec{})
	to := netip.MustParseAddrPort("[" + service6 + "]:53")
	sidecar := pod.sidecarUDP(t, to)
	var client net.Conn
	pod.must(t, func() (err error) { client, err = net.Dial("udp", to.String()); return err })
	defer client.Close()
	config := NewConfig(Exclusions{})
	config.ServiceCIDRs = prefixes("fd00:99::/64")
	for range 5 {
		pod.apply(t, config)
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		expectDatagram(t, sidecar, "question")
	}
}

func (n *netns) sendAs(t *testing.T, uid int, to net.Addr, text string) {
	t.Helper()
	n.must(t, func() error {
		unix.RawSyscall(unix.SYS_SETFSUID, uintptr(uid), 0, 0)
		defer unix.RawSyscall(unix.SYS_SETFSUID, 0, 0, 0)
		conn, err := net.Dial("udp", to.String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(text))
		return err
	})
}
