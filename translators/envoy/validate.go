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
	return validation{}.message(m)
}

// validation remembers what was found good in one message, by what an Any or a
// regex holds, or by the message itself: callers with the same rights repeat
// themselves.
type validation map[any]bool

type (
	packedBytes struct{ typeURL, value string }
	regex       string
)

func (known validation) message(m proto.Message) error {
	if v, ok := m.(interface{ ValidateAll() error }); ok {
		if err := v.ValidateAll(); err != nil {
			return fmt.Errorf("%s: %w", m.ProtoReflect().Descriptor().Name(), err)
		}
	}
	return known.fields(m.ProtoReflect())
}

func (known validation) fields(m protoreflect.Message) error {
	for _, f := range suspects(m.Descriptor()) {
		if !m.Has(f) {
			continue
		}
		if err := known.field(f, m.Get(f)); err != nil {
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

func (known validation) field(f protoreflect.FieldDescriptor, v protoreflect.Value) (err error) {
	switch {
	case f.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			m := v.Message().Interface()
			err = known.once(m, func() error { return known.nested(m) })
			return err == nil
		})
		return err
	case f.IsList():
		for l, i := v.List(), 0; i < l.Len(); i++ {
			if err := known.nested(l.Get(i).Message().Interface()); err != nil {
				return err
			}
		}
		return nil
	default:
		return known.nested(v.Message().Interface())
	}
}

func (known validation) nested(m proto.Message) error {
	switch m := m.(type) {
	case *anypb.Any:
		return known.once(packedBytes{m.GetTypeUrl(), string(m.GetValue())}, func() error {
			inner, err := m.UnmarshalNew()
			if err != nil {
				return fmt.Errorf("packed %s: %w", m.GetTypeUrl(), err)
			}
			return known.message(inner)
		})
	case *matcherv3.RegexMatcher:
		return known.once(regex(m.GetRegex()), func() error { return validateRegex(m.GetRegex()) })
	case *xdsmatcherv3.RegexMatcher:
		return known.once(regex(m.GetRegex()), func() error { return validateRegex(m.GetRegex()) })
	}
	return known.fields(m.ProtoReflect())
}

// once validates what is not known to be good.
func (known validation) once(p any, validate func() error) error {
	if known[p] {
		return nil
	}
	if err := validate(); err != nil {
		return err
	}
	known[p] = true
	return nil
}

func validateRegex(re string) error {
	if _, err := regexp.Compile(re); err != nil {
		return fmt.Errorf("regex %q: %w", re, err)
	}
	return nil
}
