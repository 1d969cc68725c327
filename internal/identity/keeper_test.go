package identity

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestKeeperRenews(t *testing.T) {
	clk := newClock()
	a := &Authority{}
	k := NewServerKeeper(a, clk, "weft-controller.weft-system.svc")
	if _, err := k.Certificate(); err == nil {
		t.Fatal("a certificate without a CA")
	}
	a.Set(newCA(t, clk))
	first := shown(t, k)
	if !bytes.Equal(first, shown(t, k)) {
		t.Error("a new certificate for each connection")
	}
	clk.Step(31 * time.Minute)
	second := shown(t, k)
	if bytes.Equal(first, second) {
		t.Error("not renewed at half-life")
	}
	a.Set(newCA(t, clk))
	if bytes.Equal(second, shown(t, k)) {
		t.Error("the certificate is of the CA before")
	}
}

func shown(t *testing.T, k *Keeper) []byte {
	t.Helper()
	c, err := k.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Certificate[0]
}

func TestKeeperShowsTheOldOneIfRenewalFails(t *testing.T) {
	clk := newClock()
	a := &Authority{}
	a.Set(newCA(t, clk))
	var fail error
	k := NewKeeper(a, clk, func(ca *CA) (*Certificate, error) {
		if fail != nil {
			return nil, fail
		}
		return ca.IssueServer(time.Hour, "x")
	})
	first := shown(t, k)
	fail = errors.New("no luck")
	clk.Step(59 * time.Minute)
	if !bytes.Equal(first, shown(t, k)) {
		t.Error("not the old one")
	}
	clk.Step(time.Minute)
	if _, err := k.Certificate(); !errors.Is(err, fail) {
		t.Errorf("after its end: %v", err)
	}
}

func TestAuthorityTellsOfChanges(t *testing.T) {
	clk := newClock()
	a := &Authority{}
	ca := newCA(t, clk)
	for _, c := range []struct {
		name   string
		change func()
		want   bool
	}{
		{"first CA", func() { a.Set(ca) }, true},
		{"same CA", func() { a.Set(ca) }, false},
		{"lifetime", func() { a.SetLifetime(time.Minute) }, true},
		{"same lifetime", func() { a.SetLifetime(time.Minute) }, false},
	} {
		changed := a.Changed()
		c.change()
		select {
		case <-changed:
			if !c.want {
				t.Errorf("%s: told of a change", c.name)
			}
		default:
			if c.want {
				t.Errorf("%s: told of none", c.name)
			}
		}
	}
	if a.Lifetime() != time.Minute || (&Authority{}).Lifetime() != DefaultLifetime {
		t.Error("wrong lifetime")
	}
}

// handshake tells how a connection between two configurations ends.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		// The write waits for the handshake.
		_, err = tls.Server(conn, server).Write([]byte("x"))
		done <- err
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(conn, client)
	if err = c.Handshake(); err == nil {
		_, err = io.ReadFull(c, make([]byte, 1))
	}
	conn.Close()
	return errors.Join(<-done, err)
}

func TestReplicasKnowEachOther(t *testing.T) {
	clk := newClock()
	a := &Authority{}
	a.Set(newCA(t, clk))
	one, two := NewPeerKeeper(a, clk, "weft-controller-1"), NewPeerKeeper(a, clk, "weft-controller-2")
	if err := handshake(t, one.PeerServerTLS(), two.PeerClientTLS()); err != nil {
		t.Errorf("replicas: %v", err)
	}
	workload := NewKeeper(a, clk, func(ca *CA) (*Certificate, error) {
		return ca.Issue(Subject{Identity: identityOf("weft-system", "weft-controller"), PodName: "weft-controller-3"})
	})
	foreign := &Authority{}
	foreign.Set(newCA(t, clk))
	stranger := NewPeerKeeper(foreign, clk, "weft-controller-4")
	server := NewServerKeeper(a, clk, PeerName)
	for name, c := range map[string]struct{ server, client *tls.Config }{
		"workload as a client":           {one.PeerServerTLS(), workload.PeerClientTLS()},
		"workload as a server":           {workload.PeerServerTLS(), one.PeerClientTLS()},
		"another CA's as a client":       {one.PeerServerTLS(), stranger.PeerClientTLS()},
		"server certificate as a client": {one.PeerServerTLS(), server.PeerClientTLS()},
		"no certificate":                 {one.PeerServerTLS(), &tls.Config{InsecureSkipVerify: true}},
	} {
		if err := handshake(t, c.server, c.client); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
}

func TestServerNameIsChecked(t *testing.T) {
	clk := newClock()
	a := &Authority{}
	a.Set(newCA(t, clk))
	k := NewServerKeeper(a, clk, "weft-controller.weft-system.svc")
	client := &tls.Config{RootCAs: a.CA().Roots().Pool(), Time: clk.Now, ServerName: "weft-controller.weft-system.svc"}
	if err := handshake(t, k.ServerTLS(), client); err != nil {
		t.Error(err)
	}
	client.ServerName = "elsewhere"
	if err := handshake(t, k.ServerTLS(), client); err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("another name: %v", err)
	}
}
