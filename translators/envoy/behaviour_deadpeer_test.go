//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/weft-mesh/weft/translators/model"
)

// A peer whose node is gone says nothing. A connection to it ends all the same,
// though the application's own keepalive ends at its sidecar.
func TestAPeerThatIsGoneIsNoticed(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	client, server := m.pod("client"), m.pod("server")
	server.greets(":9000")
	server.sidecar("db", views{inbound: serves(model.ProtocolTCP, allow("front"), 9000)})
	db := service{port("shop", "db", 9000), model.ProtocolTCP, "198.19.0.1", []model.Identity{account("db")}, []model.Endpoint{server.meshed(9000)}}
	client.sidecar("front", views{}.calls(db))
	c, err := client.dial(context.Background(), "198.19.0.1:9000")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := m.host.Do(func() error {
		cable, err := netlink.LinkByName("pod2")
		if err != nil {
			return err
		}
		return netlink.LinkSetDown(cable)
	}); err != nil {
		t.Fatal(err)
	}
	// Half a minute of silence is the bound; twice that is given up.
	c.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection goes on: %v", err)
	}
}
