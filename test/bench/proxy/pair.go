//go:build linux

package main

import (
	"context"
	"net"
	"net/netip"
)

// measurePair is what a request costs both sidecars, and without any: what
// weft's configuration does beside a naive one, turn about.
func measurePair(s settings) ([]row, error) {
	w, err := newWorld(s, mesh{services: 10, callable: 10})
	if err != nil {
		return nil, err
	}
	defer w.close()
	client, server, err := w.sidecars()
	if err != nil {
		return nil, err
	}
	out, in, err := w.naivePair()
	if err != nil {
		return nil, err
	}
	own := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), naivePort).String()
	of := func(config string, dial dialer, envoys ...*process) *trial {
		return &trial{
			row: row{"goal": "G12", "event": "pair", "config": config}, envoys: envoys,
			load: load{dial: dial, path: "/", connections: connections},
		}
	}
	return s.compare([]*trial{
		of("weft", w.call, client, server),
		of("naive", func(ctx context.Context) (net.Conn, error) { return w.client.Dial(ctx, own) }, out, in),
	})
}
