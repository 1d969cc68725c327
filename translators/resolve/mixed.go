package resolve

import "github.com/weft-mesh/weft/translators/model"

// alsoSpoken is a port of the pods that two Services speak of. HTTP holds
// against TCP, which is taken in beside it: each caller is judged by what it
// speaks. HTTP/2 holds against HTTP/1.1: an application that serves both takes
// it from whoever asks.
func alsoSpoken(a, b ShapePort) ShapePort {
	p := ShapePort{Number: a.Number, Protocol: a.Protocol, TCPToo: a.TCPToo || b.TCPToo || a.Protocol.IsHTTP() != b.Protocol.IsHTTP(), Declared: a.Declared && b.Declared, Detect: a.Detect || b.Detect}
	if b.Protocol == model.ProtocolHTTP2 || !a.Protocol.IsHTTP() {
		p.Protocol = b.Protocol
	}
	return p
}

// policy says who may call a port, as what its callers speak.
func policy(allowAll bool, grants []grant, p ShapePort) model.Policy {
	if allowAll {
		return model.Policy{AllowAll: true}
	}
	return model.Policy{Callers: callers(grants, p)}
}

// inboundPort is a port with its policies.
func inboundPort(allowAll bool, grants []grant, p ShapePort) model.InboundPort {
	in := model.InboundPort{Port: p.Number, Protocol: p.Protocol, Policy: policy(allowAll, grants, p)}
	if p.TCPToo {
		tcp := policy(allowAll, grants, ShapePort{Number: p.Number, Protocol: model.ProtocolTCP})
		in.TCP, in.Detect = &tcp, p.Detect
	}
	return in
}
