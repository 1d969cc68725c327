package tests

import (
	"maps"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/suite"
)

// What tests of access control have in common: they name calls, and await who is allowed and who is denied.

// req is a request to the first HTTP port of web-v1, the destination of most targets.
func req(e *suite.Env, method, path string) actors.Call {
	return reqTo(e, "web-v1", suite.PortHTTP, method, path)
}

// reqTo is a request to a port of a Service of Main.
func reqTo(e *suite.Env, service string, port int, method, path string) actors.Call {
	return actors.Call{Protocol: actors.HTTP, Address: e.Address(service, port), Method: method, Path: path}
}

// tcpTo is a connection to a port of a Service of Main, and a line over it.
func tcpTo(e *suite.Env, service string, port int) actors.Call {
	return actors.Call{Protocol: actors.TCP, Address: e.Address(service, port)}
}

// udpTo is a datagram to a port of web-v1.
func udpTo(e *suite.Env, port int) actors.Call {
	return actors.Call{Protocol: actors.UDP, Address: e.Address("web-v1", port)}
}

// rpcTo is a gRPC call of a full method of web-v1.
func rpcTo(e *suite.Env, method string) actors.Call {
	return actors.Call{Protocol: actors.GRPC, Address: e.Address("web-v1", suite.PortGRPC), Path: method}
}

// on names the connection that a call is to keep.
func on(connection string, c actors.Call) actors.Call {
	c.Connection = connection
	return c
}

// with adds a header to a call, or several: as in with(c, "x-a", "1", "x-b", "2").
func with(c actors.Call, pairs ...string) actors.Call {
	headers := maps.Clone(c.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		headers[pairs[i]] = pairs[i+1]
	}
	c.Headers = headers
	return c
}
