package identity

import (
	"bytes"
	"testing"

	"k8s.io/utils/clock"
)

func TestDerive(t *testing.T) {
	secret := func(m Material, purpose string) []byte {
		t.Helper()
		ca, err := Load("cluster.local", m, clock.RealClock{})
		if err != nil {
			t.Fatal(err)
		}
		key, err := ca.Derive(purpose)
		if err != nil || len(key) != 32 {
			t.Fatalf("%d bytes, %v", len(key), err)
		}
		return key
	}
	root := func() Material {
		t.Helper()
		m, err := NewRoot("cluster.local", clock.RealClock{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	a, b := root(), root()
	if !bytes.Equal(secret(a, "hooks"), secret(a, "hooks")) {
		t.Error("two replicas come to different secrets")
	}
	if bytes.Equal(secret(a, "hooks"), secret(a, "other")) || bytes.Equal(secret(a, "hooks"), secret(b, "hooks")) {
		t.Error("another purpose or another key comes to the same secret")
	}
}
