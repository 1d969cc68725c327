package envoy

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weft-mesh/weft/translators/model"
)

// inboundShape is what the routes of inbound ports have in common that differ in
// their callers alone.
type inboundShape struct {
	port     uint16
	protocol model.Protocol
	allowAll bool
	callers  bool // tells that there are some
}

// InboundRoute encodes one HTTP port's way to the application.
func (e *Encoder) InboundRoute(trustDomain string, p model.InboundPort) ([]byte, error) {
	return e.inbound(trustDomain, p, BuildInboundRoute)
}

// InboundUDPRoute encodes one UDP port's way to the application.
func (e *Encoder) InboundUDPRoute(trustDomain string, p model.InboundPort) ([]byte, error) {
	return e.inbound(trustDomain, p, BuildInboundUDPRoute)
}

type buildInbound func(trustDomain string, p model.InboundPort) (*routev3.RouteConfiguration, error)

// inbound fills the callers into a template: a caller that comes or goes costs
// the bytes of the list, of which each entry is encoded by itself.
func (e *Encoder) inbound(trustDomain string, p model.InboundPort, build buildInbound) ([]byte, error) {
	shape := inboundShape{port: p.Port, protocol: p.Protocol, allowAll: p.Policy.AllowAll}
	if !shape.allowAll {
		if err := e.addCallers(trustDomain, p.Policy); err != nil {
			return nil, err
		}
		shape.callers = !e.values.empty
	}
	t := e.inbounds[shape]
	if t == nil {
		like, anybody := model.Policy{AllowAll: shape.allowAll}, model.Identity{Namespace: mark(0), Name: mark(0)}
		if shape.callers {
			like.Callers = []model.Caller{{Identity: anybody, Any: true}}
		}
		m, err := build(trustDomain, model.InboundPort{Port: p.Port, Protocol: p.Protocol, Policy: like})
		if err != nil {
			return nil, err
		}
		if t, err = learn(e.inbounds, shape, m, []string{anybody.SPIFFEID(trustDomain)}); err != nil {
			return nil, err
		}
	}
	return e.fill(t), nil
}

// callerList is a map of callers as policyMatcher makes it.
type callerList struct {
	ids     []byte // one after the other
	entries []callerEntry
}

type callerEntry struct {
	from, to int // of ids
	rights   []byte
}

func (l *callerList) id(e callerEntry) []byte { return l.ids[e.from:e.to] }

// addCallers adds the entries of all callers as one value, in the order of maps.
func (e *Encoder) addCallers(trustDomain string, p model.Policy) error {
	l := &e.callers
	l.ids, l.entries = l.ids[:0], l.entries[:0]
	var rights []byte
	for i, c := range p.Callers {
		if i == 0 || !sameRights(p.Callers[i-1], c) {
			var err error
			if rights, err = e.rights.of(c); err != nil {
				return err
			}
		}
		if rights == nil {
			continue
		}
		from := len(l.ids)
		l.ids = c.Identity.AppendSPIFFEID(l.ids, trustDomain)
		if !utf8.Valid(l.ids[from:]) {
			return fmt.Errorf("%q is not UTF-8", l.ids[from:])
		}
		l.entries = append(l.entries, callerEntry{from, len(l.ids), rights})
	}
	slices.SortFunc(l.entries, func(a, b callerEntry) int { return bytes.Compare(l.id(a), l.id(b)) })
	e.values.reset()
	for _, c := range l.entries {
		e.values.buf = appendEntry(e.values.buf, l.id(c), c.rights)
	}
	e.values.end()
	return nil
}

// appendEntry adds an entry of a map, which is field 1 of a MatchMap.
func appendEntry(b, key, value []byte) []byte {
	const tag = 1 // the size of each
	size := 2*tag + protowire.SizeBytes(len(key)) + protowire.SizeBytes(len(value))
	b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.BytesType), uint64(size))
	b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), key)
	return protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), value)
}
