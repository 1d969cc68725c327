package podnet

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		spec Spec
		want Exclusions
	}{
		"nothing":                        {Spec{}, Exclusions{}},
		"blanks are nothing":             {Spec{InboundPorts: "  ", OutboundCIDRs: " "}, Exclusions{}},
		"a bare port is TCP and UDP":     {Spec{InboundPorts: "9100"}, Exclusions{InboundTCP: []uint16{9100}, InboundUDP: []uint16{9100}}},
		"a protocol narrows":             {Spec{InboundPorts: "53/udp, 80/TCP"}, Exclusions{InboundTCP: []uint16{80}, InboundUDP: []uint16{53}}},
		"sorted, once each":              {Spec{OutboundPorts: "9,7,9,8/tcp,5/udp"}, Exclusions{OutboundTCP: []uint16{7, 8, 9}, OutboundUDP: []uint16{5, 7, 9}}},
		"an address is a whole prefix":   {Spec{OutboundCIDRs: "192.0.2.1,2001:db8::1"}, Exclusions{OutboundCIDRs: prefixes("192.0.2.1/32", "2001:db8::1/128")}},
		"mapped addresses are IPv4":      {Spec{OutboundCIDRs: "::ffff:192.0.2.1"}, Exclusions{OutboundCIDRs: prefixes("192.0.2.1/32")}},
		"what lies within another goes":  {Spec{OutboundCIDRs: "192.0.2.0/25,192.0.2.7,192.0.2.0/24"}, Exclusions{OutboundCIDRs: prefixes("192.0.2.0/24")}},
		"everything of one family stays": {Spec{OutboundCIDRs: "::/0,0.0.0.0/0,10.0.0.0/8"}, Exclusions{OutboundCIDRs: prefixes("0.0.0.0/0", "::/0")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(test.spec)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestParseNamesFieldValueAndMend(t *testing.T) {
	tests := map[string]struct {
		spec  Spec
		field string
		want  []string
	}{
		"port too large":        {Spec{InboundPorts: "80,70000"}, FieldInboundPorts, []string{`"80,70000"`, `"70000"`, "1 to 65535"}},
		"port zero":             {Spec{InboundPorts: "0"}, FieldInboundPorts, []string{`"0"`, "1 to 65535"}},
		"port by name":          {Spec{OutboundPorts: "mysql"}, FieldOutboundPorts, []string{`"mysql"`, "number"}},
		"sign":                  {Spec{OutboundPorts: "+80"}, FieldOutboundPorts, []string{`"+80"`}},
		"unknown protocol":      {Spec{InboundPorts: "80/sctp"}, FieldInboundPorts, []string{`"80/sctp"`, "/tcp"}},
		"empty protocol":        {Spec{InboundPorts: "80/"}, FieldInboundPorts, []string{`"80/"`, "/tcp"}},
		"empty entry":           {Spec{InboundPorts: "80,,81"}, FieldInboundPorts, []string{"entry 2", "comma"}},
		"host bits":             {Spec{OutboundCIDRs: "192.0.2.1/24"}, FieldOutboundCIDRs, []string{"192.0.2.0/24"}},
		"no address":            {Spec{OutboundCIDRs: "db.example.com"}, FieldOutboundCIDRs, []string{`"db.example.com"`, "192.0.2.0/24"}},
		"zone":                  {Spec{OutboundCIDRs: "fe80::1%eth0"}, FieldOutboundCIDRs, []string{"fe80::1%eth0"}},
		"IPv4 written as IPv6":  {Spec{OutboundCIDRs: "::ffff:192.0.2.0/120"}, FieldOutboundCIDRs, []string{"as IPv4"}},
		"more than can be kept": {Spec{InboundPorts: strings.Repeat("80,", 200) + "80"}, FieldInboundPorts, []string{"201 entries", "128"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(test.spec)
			var field *FieldError
			if !errors.As(err, &field) {
				t.Fatalf("got %+v, %v; want a FieldError", got, err)
			}
			if field.Field != test.field {
				t.Errorf("field is %q, want %q", field.Field, test.field)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not hold %q", err, want)
				}
			}
		})
	}
}

func TestRedirectsInbound(t *testing.T) {
	config := NewConfig(Exclusions{InboundTCP: []uint16{9100}, InboundUDP: []uint16{53}})
	for port, want := range map[uint16]bool{80: true, 53: true, 9100: false, 14999: true, 15000: false, 15099: false, 15100: true} {
		if got := config.RedirectsInbound(port); got != want {
			t.Errorf("port %d: got %v, want %v", port, got, want)
		}
	}
}

// FuzzParse: what is read at all is disjoint, sorted, and reads back from its
// canonical spelling as itself.
func FuzzParse(f *testing.F) {
	f.Add("9100,53/udp", "443", "10.0.0.0/8,fd00::/8")
	f.Add("", "80/tcp,81", "0.0.0.0/0,::/0,192.0.2.1")
	f.Add(",", "/", "::ffff:1.2.3.4/96")
	f.Fuzz(func(t *testing.T, in, out, cidrs string) {
		x, err := Parse(Spec{in, out, cidrs})
		if err != nil {
			var field *FieldError
			if !errors.As(err, &field) {
				t.Fatalf("%T is no FieldError", err)
			}
			return
		}
		for i, p := range x.OutboundCIDRs {
			if p != p.Masked() {
				t.Errorf("%s is not masked", p)
			}
			for _, q := range x.OutboundCIDRs[i+1:] {
				if p.Overlaps(q) {
					t.Errorf("%s overlaps %s", p, q)
				}
			}
		}
		again, err := Parse(x.Spec())
		if err != nil || !equal(again, x) {
			t.Errorf("%+v reads back as %+v, %v", x, again, err)
		}
	})
}

func equal(a, b Exclusions) bool {
	return a.Spec() == b.Spec() && reflect.DeepEqual(a.OutboundCIDRs, b.OutboundCIDRs)
}

func prefixes(s ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}
