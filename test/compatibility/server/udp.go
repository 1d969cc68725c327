package server

import "net"

// echoPackets sends each datagram back to where it came from.
func echoPackets(c net.PacketConn) {
	packet := make([]byte, 65536)
	for {
		n, from, err := c.ReadFrom(packet)
		if err != nil {
			return
		}
		_, _ = c.WriteTo(packet[:n], from)
	}
}
