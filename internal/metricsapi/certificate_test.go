package metricsapi

import (
	"bytes"
	"testing"

	"k8s.io/client-go/util/cert"
)

type told int

func (n *told) Enqueue() { *n++ }

func TestCertificate(t *testing.T) {
	pair := func() ([]byte, []byte) {
		t.Helper()
		c, k, err := cert.GenerateSelfSignedCertKey("weft-metrics", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c, k
	}
	c := NewCertificate(pair())
	var n told
	c.AddListener(&n)
	first, firstKey := c.CurrentCertKeyContent()
	next, nextKey := pair()
	if err := c.Set(next, firstKey); err == nil || n != 0 {
		t.Error("another's key was taken")
	}
	if got, key := c.CurrentCertKeyContent(); !bytes.Equal(got, first) || !bytes.Equal(key, firstKey) {
		t.Error("the certificate of before did not stay")
	}
	if err := c.Set(next, nextKey); err != nil || n != 1 {
		t.Errorf("told %d times, error %v", n, err)
	}
	if got, _ := c.CurrentCertKeyContent(); !bytes.Equal(got, next) {
		t.Error("the new certificate is not in force")
	}
}
