package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// packed is an Any of deterministic bytes. Messages that weft builds marshal
// always: they hold valid UTF-8 and no required fields.
func packed(m proto.Message) *anypb.Any {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil // refused by Validate: a required Any is missing
	}
	return &anypb.Any{TypeUrl: "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName()), Value: b}
}

func seconds(n int64) *durationpb.Duration { return &durationpb.Duration{Seconds: n} }

func milliseconds(n int64) *durationpb.Duration { return duration(time.Duration(n) * time.Millisecond) }

func duration(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

func u32(n uint32) *wrapperspb.UInt32Value { return wrapperspb.UInt32(n) }

func wrap64(n uint64) *wrapperspb.UInt64Value { return wrapperspb.UInt64(n) }

// onlyIf is nil, Envoy's own default, where b does not hold.
func onlyIf(b bool) *wrapperspb.BoolValue {
	if b {
		return on()
	}
	return nil
}

func on() *wrapperspb.BoolValue { return wrapperspb.Bool(true) }

func off() *wrapperspb.BoolValue { return wrapperspb.Bool(false) }

// overADS is where a resource comes from that has its own discovery.
func overADS() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}
}

func socketAddress(host string, port uint16) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}
