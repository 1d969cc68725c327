package envoy

import (
	"fmt"
	"regexp"
	"sync"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// Validate refuses what Envoy would: a message that breaks its schema's rules,
// or holds a regex that does not compile, however deep it is packed.
func Validate(m proto.Message) error {
	if v, ok := m.(interface{ ValidateAll() error }); ok {
		if err := v.ValidateAll(); err != nil {
			return fmt.Errorf("%s: %w", m.ProtoReflect().Descriptor().Name(), err)
		}
	}
	return validateFields(m.ProtoReflect())
}

func validateFields(m protoreflect.Message) error {
	for _, f := range suspects(m.Descriptor()) {
		if !m.Has(f) {
			continue
		}
		if err := validateField(f, m.Get(f)); err != nil {
			return err
		}
	}
	return nil
}

// suspectsOf remembers suspects, by message.
var suspectsOf sync.Map

// suspects are the fields of a message below which there can be an Any or a
// regex. Most have neither, and need no second look.
func suspects(md protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if fs, ok := suspectsOf.Load(md.FullName()); ok {
		return fs.([]protoreflect.FieldDescriptor)
	}
	var fs []protoreflect.FieldDescriptor
	for i := range md.Fields().Len() {
		f := md.Fields().Get(i)
		if holder := messageOf(f); holder != nil && suspect(holder, map[protoreflect.FullName]bool{}) {
			fs = append(fs, f)
		}
	}
	suspectsOf.Store(md.FullName(), fs)
	return fs
}

// messageOf is the message that a field holds, or the values of a map; nil for
// none.
func messageOf(f protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if f.IsMap() {
		return f.MapValue().Message()
	}
	return f.Message()
}

func suspect(md protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	switch name := md.FullName(); name {
	case anyName, regexName, xdsRegexName:
		return true
	default:
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	for i := range md.Fields().Len() {
		if holder := messageOf(md.Fields().Get(i)); holder != nil && suspect(holder, seen) {
			return true
		}
	}
	return false
}

var (
	anyName      = (*anypb.Any)(nil).ProtoReflect().Descriptor().FullName()
	regexName    = (*matcherv3.RegexMatcher)(nil).ProtoReflect().Descriptor().FullName()
	xdsRegexName = (*xdsmatcherv3.RegexMatcher)(nil).ProtoReflect().Descriptor().FullName()
)

func validateField(f protoreflect.FieldDescriptor, v protoreflect.Value) (err error) {
	switch {
	case f.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			err = validateNested(v.Message().Interface())
			return err == nil
		})
		return err
	case f.IsList():
		for l, i := v.List(), 0; i < l.Len(); i++ {
			if err := validateNested(l.Get(i).Message().Interface()); err != nil {
				return err
			}
		}
		return nil
	default:
		return validateNested(v.Message().Interface())
	}
}

func validateNested(m proto.Message) error {
	switch m := m.(type) {
	case *anypb.Any:
		inner, err := m.UnmarshalNew()
		if err != nil {
			return fmt.Errorf("packed %s: %w", m.GetTypeUrl(), err)
		}
		return Validate(inner)
	case *matcherv3.RegexMatcher:
		return validateRegex(m.GetRegex())
	case *xdsmatcherv3.RegexMatcher:
		return validateRegex(m.GetRegex())
	}
	return validateFields(m.ProtoReflect())
}

func validateRegex(re string) error {
	if _, err := regexp.Compile(re); err != nil {
		return fmt.Errorf("regex %q: %w", re, err)
	}
	return nil
}
