package envoy

import (
	"fmt"
	"regexp"

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

func validateFields(m protoreflect.Message) (err error) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		err = validateField(f, v)
		return err == nil
	})
	return err
}

func validateField(f protoreflect.FieldDescriptor, v protoreflect.Value) (err error) {
	switch {
	case f.IsMap():
		if f.MapValue().Message() == nil {
			return nil
		}
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			err = validateNested(v.Message().Interface())
			return err == nil
		})
		return err
	case f.Message() == nil:
		return nil
	case f.IsList():
		for i := range v.List().Len() {
			if err := validateNested(v.List().Get(i).Message().Interface()); err != nil {
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
