//go:build linux

package envoy_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/weft-mesh/weft/test/network"
)

// netns is a network namespace that lives as long as the test.
type netns struct {
	t *testing.T
	*network.Namespace
}

func newNetns(t *testing.T) *netns {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making a network namespace takes root: what Envoy does with real connections was not tried")
	}
	n, err := network.New()
	if err != nil {
		t.Skipf("this machine makes no network namespaces: %v", err)
	}
	t.Cleanup(n.Close)
	return &netns{t, n}
}

func (n *netns) do(f func() error) {
	n.t.Helper()
	if err := n.Do(f); err != nil {
		n.t.Fatal(err)
	}
}

func (n *netns) listen(address string) net.Listener {
	n.t.Helper()
	l, err := n.Listen(address)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { l.Close() })
	return l
}

// serveEach hands over each connection to an address, and closes it after that.
func (n *netns) serveEach(address string, serve func(net.Conn)) net.Listener {
	n.t.Helper()
	l := n.listen(address)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l
}

func (n *netns) dial(ctx context.Context, address string) (net.Conn, error) {
	return n.Dial(ctx, address)
}

// start starts a program that dies with the test, however the test ends.
func (n *netns) start(cmd *exec.Cmd) {
	n.t.Helper()
	if err := n.Start(cmd); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}
